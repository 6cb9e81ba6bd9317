"""Which functions the embedded stage runs one a core and with lower priority."""

from synthesised import Synthesised

from notorious.embedded.heavy import is_heavy


def test_what_hears_plans_and_renders_is_heavy_and_what_answers_is_not(embedded: Synthesised) -> None:
    heavy = {
        function["FunctionName"].removeprefix("notorious-embedded-")
        for function in embedded.properties("AWS::Lambda::Function")
        if is_heavy(function)
    }
    assert heavy == {
        "analyze", "export", "find_candidates", "finish_import", "master", "plan", "preview", "render_voice",
    }  # fmt: skip
