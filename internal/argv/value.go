package argv

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// slot is a field and what may be put there.
type slot struct {
	shown   string // as messages name it
	help    string
	def     string
	enum    []string
	path    bool
	comma   bool // a list's values are separated by commas
	field   reflect.Value
	kind    reflect.Kind // of one value
	isTime  bool
	isList  bool
	isFresh bool // a list still holds its default
}

func newSlot(v reflect.Value, tag reflect.StructTag) (slot, error) {
	s := slot{help: tag.Get("help"), def: tag.Get("default"), path: tag.Get("type") == "path", comma: tag.Get("sep") != "none", field: v}
	if list, is := tag.Lookup("enum"); is {
		s.enum = strings.Split(list, ",")
	}
	t := v.Type()
	s.isList = t.Kind() == reflect.Slice
	if s.isList || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	s.kind, s.isTime = t.Kind(), t == reflect.TypeFor[time.Duration]()
	switch s.kind {
	case reflect.Bool, reflect.String, reflect.Int, reflect.Int64, reflect.Uint64, reflect.Float64:
	default:
		return s, fmt.Errorf("a %v cannot be read from a command line", v.Type())
	}
	if s.def != "" {
		if err := s.put(s.def); err != nil {
			return s, err
		}
		s.isFresh = true
	}
	s.help = strings.NewReplacer("${enum}", tag.Get("enum"), "${default}", s.def, "$$", "$").Replace(s.help)
	return s, nil
}

// put reads a value as it was typed; into a list it may be several.
func (s *slot) put(text string) error {
	if !s.isList || s.kind == reflect.String && !s.comma {
		return s.putOne(text)
	}
	for part := range strings.SplitSeq(text, ",") {
		if err := s.putOne(part); err != nil {
			return err
		}
	}
	return nil
}

func (s *slot) putOne(text string) error {
	if len(s.enum) > 0 && !slices.Contains(s.enum, text) {
		return fmt.Errorf("%s must be one of %s but got %q", s.shown, quoted(s.enum), text)
	}
	one := reflect.New(s.valueType()).Elem()
	if err := s.parse(one, text); err != nil {
		return err
	}
	switch {
	case s.isList:
		if s.isFresh {
			s.field.SetZero()
			s.isFresh = false
		}
		s.field.Set(reflect.Append(s.field, one))
	case s.field.Kind() == reflect.Pointer:
		s.field.Set(one.Addr())
	default:
		s.field.Set(one)
	}
	return nil
}

func (s *slot) valueType() reflect.Type {
	if t := s.field.Type(); s.isList || t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return s.field.Type()
}

func (s *slot) parse(v reflect.Value, text string) (err error) {
	what := "a whole number"
	switch s.kind {
	case reflect.Bool:
		what = "true or false"
		var b bool
		b, err = strconv.ParseBool(text)
		v.SetBool(b)
	case reflect.String:
		if s.path {
			text, err = absolute(text)
		}
		v.SetString(text)
		what = "a path"
	case reflect.Int, reflect.Int64:
		var n int64
		if s.isTime {
			var d time.Duration
			d, err = time.ParseDuration(text)
			n, what = int64(d), "a time as 90s, 30m or 1h"
		} else {
			n, err = strconv.ParseInt(text, 10, v.Type().Bits())
		}
		v.SetInt(n)
	case reflect.Uint64:
		var n uint64
		n, err = strconv.ParseUint(text, 10, 64)
		v.SetUint(n)
		what = "a whole number from 0 up"
	case reflect.Float64:
		var x float64
		x, err = strconv.ParseFloat(text, 64)
		v.SetFloat(x)
		what = "a number"
	}
	if err != nil {
		return fmt.Errorf("%s: expected %s but got %q", s.shown, what, text)
	}
	return nil
}

// absolute is a path with ~ for the home folder, which a shell leaves alone behind a "=".
func absolute(path string) (string, error) {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		path = filepath.Join(home, rest)
	}
	return filepath.Abs(path)
}

func quoted(list []string) string {
	var parts []string
	for _, s := range list {
		if s != "" {
			parts = append(parts, strconv.Quote(s))
		}
	}
	return strings.Join(parts, ",")
}
