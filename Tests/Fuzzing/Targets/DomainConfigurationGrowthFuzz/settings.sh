# What fuzz.sh needs to know of this target.
MAX_LENGTH=256   # bytes: they are repeated to 65,000 and 262,144
TIMEOUT="${TIMEOUT:-5}"  # seconds for one input; the target itself allows less, in processor time
SEEDS=""
