module ossian

go 1.26.0

// Every dependency has one owner package (internal/lint holds the table) and a reason.
require (
	github.com/alecthomas/kong v1.17.0 // internal/cli: the command line as one struct, without globals
	github.com/google/go-cmp v0.7.0 // tests only: readable differences
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3 // tests only: another opinion of what a schema allows
	golang.org/x/sys v0.49.0 // internal/mem, internal/cpu: mmap, madvise, CPU features
	golang.org/x/term v0.47.0 // internal/cli: line editing and raw mode of a terminal
)

require golang.org/x/text v0.14.0 // indirect
