"""What the program returns to whoever started it."""

OK = 0
UNEXPECTED = 1
INPUT = 2
NO_USABLE_AUDIO = 3
NOTHING_TO_MIX = 4
OUTPUT = 5
NETWORK = 6
SERVICE = 7
STOPPED = 130
PIPE_CLOSED = 141

MEANINGS = {
    OK: "done; files that were skipped are listed",
    UNEXPECTED: "something that nobody foresaw",
    INPUT: "an option, a wish or a plan that cannot be meant",
    NO_USABLE_AUDIO: "files were given, but none of them could be heard",
    NOTHING_TO_MIX: "no track is left to mix, or no audio file was found",
    OUTPUT: "the result cannot be written, or is there already",
    NETWORK: "a network cannot be installed, or an installed one cannot be run",
    SERVICE: "the service cannot run on this machine, or none runs where it was looked for",
    STOPPED: "stopped with Ctrl-C (or SIGTERM); what was heard is kept, no half mix is left",
    PIPE_CLOSED: "the program that read the output went away",
}
