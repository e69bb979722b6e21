"""How a reader and its process talk to each other."""

SIZES = "!QQ"  # what comes is two sizes in bytes, a JSON head and its content; what goes back has no content
MAX_ANSWER_BYTES = 100_000_000
