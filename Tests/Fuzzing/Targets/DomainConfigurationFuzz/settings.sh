# What fuzz.sh needs to know of this target.
MAX_LENGTH=4096  # bytes: longer than any configuration found in the field
TIMEOUT="${TIMEOUT:-2}"  # seconds for one input, which takes microseconds
SEEDS="Tests/DomainConfigurationTests/Samples"
