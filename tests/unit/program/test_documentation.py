"""A command, option, exit code, name or dependency that nobody wrote down fails here."""

import re
import tomllib
from pathlib import Path

import pytest
import typer.main

import notorious
from notorious.cli import exit_codes
from notorious.cli.app import app

PROGRAM = typer.main.get_command(app)
GROUPS = {"admin", "models"}
TOP = dict(PROGRAM.commands)  # type: ignore[attr-defined]
COMMANDS = {name: command for name, command in TOP.items() if name not in GROUPS} | {
    f"{group} {name}": command for group in GROUPS for name, command in TOP[group].commands.items()
}


def options_of(command: object) -> list[str]:
    return sorted(
        option
        for parameter in command.params  # type: ignore[attr-defined]
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("-")
    )


OPTIONS = sorted({option for command in (PROGRAM, *COMMANDS.values()) for option in options_of(command)})


@pytest.fixture(scope="module")
def manual(repository: Path) -> str:
    return (repository / "docs" / "cli.md").read_text()


def test_there_are_these_commands() -> None:
    assert sorted(TOP) == [
        "admin", "analyze", "demo", "invoke", "mix", "models", "plan", "preview", "serve", "show", "similar", "watch",
    ]  # fmt: skip
    assert sorted(TOP["admin"].commands) == [
        "add-user", "archive", "rebuild", "redrive", "restore", "status", "token",
    ]  # fmt: skip
    assert sorted(TOP["models"].commands) == ["check", "install", "list", "remove"]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_documented(command: str, manual: str, repository: Path) -> None:
    assert f"`notorious {command}" in manual
    assert f"notorious {command.split()[0]} " in (repository / "README.md").read_text()


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_documented(option: str, manual: str) -> None:
    assert re.search(rf"`{re.escape(option)}[` ]", manual)


def test_no_option_is_documented_that_is_not_there(manual: str) -> None:
    documented = set(re.findall(r"`(--[a-z][a-z-]+)", manual))
    assert documented <= set(OPTIONS) | {"--help"}


@pytest.mark.parametrize("command", ["plan", "mix"])
def test_plan_and_mix_have_all_wishes_for_a_set(command: str) -> None:
    wishes = {
        "--minutes", "--curve", "--plateau", "--time-of-day", "--venue", "--genre", "--start", "--end", "--exclude",
        "--bpm", "--seed", "--force", "--jobs", "--json", "--rule", "--output",
    }  # fmt: skip
    assert wishes <= set(options_of(COMMANDS[command]))


def test_every_parameter_has_a_help() -> None:
    for command in COMMANDS.values():
        assert command.help
        for parameter in command.params:
            assert getattr(parameter, "help", None), parameter.name


@pytest.mark.parametrize("code", sorted(exit_codes.MEANINGS))
def test_every_exit_code_is_documented(code: int, manual: str) -> None:
    assert re.search(rf"^\| {code} \|", manual, re.MULTILINE)
    assert f"{code} {exit_codes.MEANINGS[code]}" in (PROGRAM.epilog or "")


@pytest.mark.parametrize("name", sorted(notorious.__all__))
def test_every_public_name_is_documented(name: str, repository: Path) -> None:
    assert re.search(rf"`{name}[`(]", (repository / "docs" / "api.md").read_text())


def requirements(repository: Path) -> list[str]:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for some in extras.values() for line in some)]
    return [re.split(r"[<>=!~\[; ]", line)[0] for line in lines]


def test_every_dependency_is_documented_and_locked(repository: Path) -> None:
    page = (repository / "docs" / "dependencies.md").read_text()
    lock = (repository / "requirements" / "test.lock").read_text()
    for name in requirements(repository):
        assert f"\n| {name} |" in page
        assert re.search(rf"^{re.escape(name.replace('_', '-').lower())}==", lock, re.MULTILINE)


def test_the_engine_is_locked_to_the_versions_it_is_tested_with(repository: Path) -> None:
    engine = (repository / "requirements" / "engine.lock").read_text().splitlines()
    tests = (repository / "requirements" / "test.lock").read_text().splitlines()
    assert {line for line in engine if "==" in line} <= set(tests)


def test_every_import_of_the_package_is_declared(repository: Path) -> None:
    """Walks the sources: what is imported is ours, the standard library's, or in pyproject."""
    import ast
    import sys

    # What stems need is no extra: demucs is installed without what its package asks for.
    stems = [
        line.split("==")[0]
        for name in ("stems.txt", "demucs.txt")
        for line in (repository / "requirements" / name).read_text().splitlines()
        if "==" in line
    ]
    declared = {name.replace("-", "_").lower() for name in (*requirements(repository), *stems)} | {"yaml"}
    allowed = declared | {"notorious"} | set(sys.stdlib_module_names)
    for source in sorted((repository / "shared" / "notorious").rglob("*.py")):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            else:
                continue
            for name in names:
                assert name.split(".")[0].lower() in allowed, f"{source} imports {name}"


def test_links_between_the_pages_lead_somewhere(repository: Path) -> None:
    for page in [repository / "README.md", *(repository / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            path = page.parent / target
            assert path.exists(), f"{page.name} points to {target}"
