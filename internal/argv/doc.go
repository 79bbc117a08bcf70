// Package argv reads a command line into a struct whose tags are the grammar, and
// writes the help that follows from it. A field with cmd is a command, one with arg a
// positional argument, any other a flag; embedded structs are read as if their fields
// stood there.
//
//	cmd, arg, optional   what the field is
//	name, aliases, short what it is called; by default the field's name with dashes
//	help, placeholder    for people; ${enum}, ${default} and $$ are replaced in help
//	default, enum, env   values: at first, possible, from the environment
//	negatable            a switch's opposite: --no-name, or the name given
//	xor                  of the flags with the same word here only one may be given
//	sep:"none"           a list whose values hold commas
//	type:"path"          made absolute, with ~ for the home folder
//
// It is separate because it knows nothing of what the commands do. A Grammar is for
// one command line: parsing fills its struct.
package argv
