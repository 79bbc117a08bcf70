package cli

import (
	"fmt"
	"os"
	"path/filepath"
)

// welcome tells a person who meets the built-in model for the first time what it is, and
// gives what else there is to be told after the answer: the model to fetch. It does so
// once, and to nobody but a person. The file that remembers it is in ~/.ossian.
func (s *system) welcome(m *loaded, quiet bool) (offer func()) {
	if m.name != builtin || m.dir != "" || quiet || !s.outTerminal || !s.errTerminal || !s.first("welcomed") {
		return func() {}
	}
	fmt.Fprintln(s.stderr, "ossian: nano answers, the small model inside the program, for trying things out; it knows little")
	return s.offer
}

// offer names the model that is worth having here.
func (s *system) offer() {
	best, ok := s.bestOffer()
	if !ok {
		fmt.Fprintln(s.stderr, "ossian: no larger model fits this machine as it is now; ossian fit says what it would take")
		return
	}
	if settings, err := s.hubSettings(); err == nil {
		if _, here := settings.Find(best.Name); here {
			fmt.Fprintf(s.stderr, "ossian: %s is here and fits%s: ossian run -m %s\n", best.Name, about(best.Rate.First), best.Name)
			return
		}
	}
	fmt.Fprintf(s.stderr, "ossian: %s fits this machine, %s to fetch%s: ossian pull %s\n", best.Name, size(best.Bytes), about(best.Rate.First), best.Name)
}

// about is a predicted speed within a sentence, where it is known.
func about(rate float64) string {
	if rate <= 0 {
		return ""
	}
	return ", about " + perToken(rate)
}

// first reports whether something happens for the first time, and remembers it. Where it
// cannot be remembered it did not happen, so that nobody is told again and again.
func (s *system) first(what string) bool {
	dir, err := s.ossianHome()
	if err != nil || os.MkdirAll(dir, 0o700) != nil {
		return false
	}
	f, err := os.OpenFile(filepath.Join(dir, what), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return false
	}
	return f.Close() == nil
}
