package schema

import (
	"slices"
	"strings"

	"ossian/internal/regular"
)

// The formats that are enforced, as expressions of the whole text.
const (
	month31 = `(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])`
	month30 = `(0[469]|11)-(0[1-9]|[12][0-9]|30)`
	leap    = `([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29`
	date    = `([0-9]{4}-(` + month31 + `|` + month30 + `|02-(0[1-9]|1[0-9]|2[0-8]))|` + leap + `)`
	zone    = `([zZ]|[-+]([01][0-9]|2[0-3]):[0-5][0-9])`
	clock   = `(([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?` + zone + `|23:59:60(\.[0-9]+)?([zZ]|[-+]00:00))` // RFC 3339

	octet = `(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])`
	ipv4  = `(` + octet + `\.){3}` + octet
	h16   = `[0-9a-fA-F]{1,4}`
	ls32  = `(` + h16 + `:` + h16 + `|` + ipv4 + `)`
	ipv6  = `((` + h16 + `:){6}` + ls32 + // RFC 3986
		`|::(` + h16 + `:){5}` + ls32 +
		`|(` + h16 + `)?::(` + h16 + `:){4}` + ls32 +
		`|((` + h16 + `:){0,1}` + h16 + `)?::(` + h16 + `:){3}` + ls32 +
		`|((` + h16 + `:){0,2}` + h16 + `)?::(` + h16 + `:){2}` + ls32 +
		`|((` + h16 + `:){0,3}` + h16 + `)?::` + h16 + `:` + ls32 +
		`|((` + h16 + `:){0,4}` + h16 + `)?::` + ls32 +
		`|((` + h16 + `:){0,5}` + h16 + `)?::` + h16 +
		`|((` + h16 + `:){0,6}` + h16 + `)?::)`

	label    = `[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?`
	hostname = label + `(\.` + label + `)*`
	atext    = "[-a-zA-Z0-9!#$%&'*+/=?^_`{|}~]"
	email    = `(` + atext + `+(\.` + atext + `+)*|"([ !#-\[\]-~]|\\[ -~])*")@(` + hostname + `|\[(` + ipv4 + `|IPv6:` + ipv6 + `)\])` // RFC 5321

	pchar     = `([-a-zA-Z0-9._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})`
	authority = `(([-a-zA-Z0-9._~!$&'()*+,;=:]|%[0-9a-fA-F]{2})*@)?(\[(` + ipv6 + `|v[0-9a-fA-F]+\.[-a-zA-Z0-9._~!$&'()*+,;=:]+)\]|([-a-zA-Z0-9._~!$&'()*+,;=]|%[0-9a-fA-F]{2})*)(:[0-9]*)?`
	tail      = `(\?(` + pchar + `|[/?])*)?(#(` + pchar + `|[/?])*)?`
	uri       = `[a-zA-Z][-a-zA-Z0-9+.]*:(//` + authority + `(/` + pchar + `*)*|/(` + pchar + `+(/` + pchar + `*)*)?|` + pchar + `+(/` + pchar + `*)*|)` + tail // RFC 3986

	uuid     = `[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`
	pointer  = `(/([^~/]|~[01])*)*`
	daytime  = `T([0-9]+H([0-9]+M([0-9]+S)?)?|[0-9]+M([0-9]+S)?|[0-9]+S)`
	duration = `P(([0-9]+Y([0-9]+M([0-9]+D)?)?|[0-9]+M([0-9]+D)?|[0-9]+D)(` + daytime + `)?|` + daytime + `|[0-9]+W)`
)

func formats() map[string]string {
	return map[string]string{
		"date-time": date + `[tT]` + clock, "date": date, "time": clock, "duration": duration,
		"email": email, "hostname": hostname, "ipv4": ipv4, "ipv6": ipv6, "uri": uri, "uuid": uuid, "json-pointer": pointer,
	}
}

// Formats are the names of the formats that are enforced.
func Formats() []string {
	var out []string
	for name := range formats() {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// format is the language of a format.
func (c *compiler) format(at, name string) (*regular.DFA, error) {
	expr, ok := formats()[name]
	if !ok {
		return nil, fail(at, "format", "%q is not enforced; use %s, or a pattern", name, strings.Join(Formats(), ", "))
	}
	key := "\x00" + name
	if d, ok := c.patterns[key]; ok {
		return d, nil
	}
	d, err := regular.Full(expr, regular.Flags{}, c.budget)
	if err == nil && name == "hostname" {
		var short *regular.DFA
		if short, err = regular.Length(1, 253, c.budget); err == nil {
			d, err = regular.Intersect(d, short, c.budget)
		}
		var coded *regular.DFA // xn-- and its like: whether they are valid takes tables
		if err == nil {
			coded, err = regular.Search(`(^|\.)[^.]{2}--`, c.budget)
		}
		if err == nil {
			d, err = regular.Minus(d, coded, c.budget)
		}
	}
	if err != nil {
		return nil, wrap(at, "format", err)
	}
	c.patterns[key] = d
	return d, nil
}
