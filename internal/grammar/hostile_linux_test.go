package grammar

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"ossian/internal/regular"
	"ossian/internal/schema"
)

// hostile are schemas made to take time or memory.
func hostile() map[string]string {
	many := func(n int, f string) string {
		var parts []string
		for i := range n {
			parts = append(parts, fmt.Sprintf(f, i))
		}
		return strings.Join(parts, ",")
	}
	two := func(f string, n int) string { // f of f of ...
		s := `{"type":"string"}`
		for range n {
			s = strings.ReplaceAll(f, "?", s)
		}
		return s
	}
	return map[string]string{
		"deep":               strings.Repeat(`{"items":`, 20_000) + `true` + strings.Repeat(`}`, 20_000),
		"deep arrays":        `{"const":` + strings.Repeat(`[`, 5_000) + strings.Repeat(`]`, 5_000) + `}`,
		"large":              `{"enum":["` + strings.Repeat("x", 2<<20) + `"]}`,
		"exponential anyOf":  `{"allOf":[` + many(40, `{"anyOf":[{"properties":{"a%[1]d":{"type":"string"}}},{"required":["b%[1]d"]}]}`) + `]}`,
		"exponential oneOf":  `{"allOf":[` + many(40, `{"oneOf":[{"required":["a%[1]d"]},{"required":["b%[1]d"]}]}`) + `]}`,
		"exponential if":     `{"allOf":[` + many(40, `{"if":{"required":["a%[1]d"]},"then":{"required":["b%[1]d"]}}`) + `]}`,
		"dependencies":       `{"dependentRequired":{` + many(40, `"a%[1]d":["b%[1]d"]`) + `}}`,
		"patterns of names":  `{"patternProperties":{` + many(20, `"x%d":{"type":"integer"}`) + `}}`,
		"exponential text":   two(`{"anyOf":[?,?]}`, 13),
		"references":         `{"$defs":{"a0":{"type":"string"},` + many(60, `"b%d":{}`) + `,` + chain(40) + `},"$ref":"#/$defs/a40"}`,
		"expression":         `{"pattern":"(a|b)*a(a|b){60}$"}`,
		"repetitions":        `{"pattern":"((((a{50}){50}){50}){50}){50}"}`,
		"patterns together":  `{"allOf":[` + many(14, `{"pattern":"^(.{%d}x)*$"}`) + `]}`,
		"lengths":            `{"type":"string","minLength":9000000}`,
		"pattern and length": `{"type":"string","pattern":"^((ab|cd)+|(abc|d){7}){3}","maxLength":200000}`,
		"items":              `{"type":"array","minItems":1000000}`,
		"items of items":     `{"type":"array","maxItems":16000,"items":{"type":"array","maxItems":16001,"items":{"type":"array","maxItems":16002,"items":{"type":"array","maxItems":16003,"items":{"type":"array","maxItems":16004}}}}}`,
		"contains":           `{"type":"array","maxItems":16000,"contains":{"type":"null"},"minContains":16000}`,
		"members":            `{"type":"object","properties":{` + many(3000, `"p%d":{}`) + `},"minProperties":1500,"maxProperties":2000,"additionalProperties":false}`,
		"multiple":           `{"multipleOf":99991.00001}`,
		"digits":             `{"maximum":1e900000}`,
		"folded":             `{"allOf":[{"$ref":"#"}]}`,
		"folded twice":       `{"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}],"$defs":{"a":{"anyOf":[{"$ref":"#"}]}}}`,
		"never done":         `{"type":"object","properties":{"next":{"$ref":"#"}},"required":["next"]}`,
		"negations":          two(`{"not":{"allOf":[?,{"not":?}]}}`, 9),
		"wide oneOf":         `{"oneOf":[` + many(400, `{"type":"object","properties":{"k%d":{"type":"string"}}}`) + `]}`,
		"wide":               `{"anyOf":[` + many(5000, `{"type":"object","properties":{"k":{"const":"v%d"}},"required":["k"],"additionalProperties":false}`) + `]}`,
	}
}

// chain is definitions each of which allows the one before it in two ways.
func chain(n int) string {
	var parts []string
	for i := 1; i <= n; i++ {
		parts = append(parts, fmt.Sprintf(`"a%d":{"allOf":[{"anyOf":[{"$ref":"#/$defs/a%d"},{"items":{"$ref":"#/$defs/a%d"},"minItems":%d}]}]}`, i, i-1, i-1, i))
	}
	return strings.Join(parts, ",")
}

// TestHostile: what is too much is refused with a typed error, and nothing takes much; the log says how long.
func TestHostile(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	all := hostile()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		raw := all[name]
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		t0 := used()
		g, err := FromSchema([]byte(raw))
		took := used() - t0
		runtime.ReadMemStats(&after)
		took2 := time.Duration(0)
		if err == nil { // then it must also be cheap to use
			t0 = used()
			m := vocabulary().NewMatcher(g, stop)
			m.Mask()
			m.Left()
			took2 = used() - t0
		}
		mb := (after.TotalAlloc - before.TotalAlloc) >> 20
		t.Logf("%s: %v, %d MB, then %v: %.160v", name, took, mb, took2, err)
		var s *schema.Error
		var e *Error
		var l *regular.LimitError
		if err != nil && !errors.As(err, &s) && !errors.As(err, &e) && !errors.As(err, &l) {
			t.Errorf("%s: %T", name, err)
		}
		if mb > 600 { // memory is as good a measure of work as the clock, and does not depend on the machine
			t.Errorf("%s: %d MB", name, mb)
		}
	}
}
