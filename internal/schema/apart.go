package schema

import "ossian/internal/regular"

// apart reports whether no value is allowed by one of a and by one of b. It looks so
// many objects and arrays deep, and says no when it cannot tell.
func (c *compiler) apart(a, b []*Node, depth int) (bool, error) {
	for _, x := range a {
		for _, y := range b {
			ok, err := c.differ(x, y, depth)
			if err != nil || !ok {
				return false, err
			}
		}
	}
	return true, nil
}

func (c *compiler) differ(a, b *Node, depth int) (bool, error) {
	if a.Null && b.Null || a.True && b.True || a.False && b.False {
		return false, nil
	}
	if err := c.budget.Spend(8); err != nil {
		return false, wrap(a.At, "oneOf", err)
	}
	for _, pair := range [][2][]*regular.DFA{{a.Numbers, b.Numbers}, {a.Strings, b.Strings}} {
		for _, x := range pair[0] {
			for _, y := range pair[1] {
				both, err := regular.Intersect(x, y, c.budget)
				if err != nil {
					return false, wrap(a.At, "oneOf", err)
				}
				if !both.Empty() {
					return false, nil
				}
			}
		}
	}
	for _, x := range a.Arrays {
		for _, y := range b.Arrays {
			ok, err := c.listsDiffer(x, y, depth)
			if err != nil || !ok {
				return false, err
			}
		}
	}
	for _, x := range a.Objects {
		for _, y := range b.Objects {
			ok, err := c.objectsDiffer(x, y, depth)
			if err != nil || !ok {
				return false, err
			}
		}
	}
	return true, nil
}

func (c *compiler) listsDiffer(a, b *Array, depth int) (bool, error) {
	if a.Max >= 0 && a.Max < b.Min || b.Max >= 0 && b.Max < a.Min {
		return true, nil
	}
	for i := range min(a.Min, b.Min, 64) {
		x, y := a.Items, b.Items
		if i < len(a.Prefix) {
			x = a.Prefix[i]
		}
		if i < len(b.Prefix) {
			y = b.Prefix[i]
		}
		if ok, err := c.valuesDiffer(x, y, depth); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (c *compiler) objectsDiffer(a, b *Object, depth int) (bool, error) {
	for _, pair := range [][2]*Object{{a, b}, {b, a}} {
		for _, p := range pair[0].Props {
			if !p.Required {
				continue
			}
			value, possible := pair[1].member(p.Name)
			if !possible {
				return true, nil
			}
			if ok, err := c.valuesDiffer(p.Value, value, depth); ok || err != nil {
				return ok, err
			}
		}
	}
	return false, nil
}

// member is what an object's member of that name is; false when it has none.
func (o *Object) member(name string) (*Node, bool) {
	for _, p := range o.Props {
		if p.Name == name {
			return p.Value, true
		}
	}
	for _, e := range o.Extra {
		if e.Names.Match(name) {
			return e.Value, true
		}
	}
	return nil, false
}

func (c *compiler) valuesDiffer(a, b *Node, depth int) (bool, error) {
	if depth == 0 {
		return false, nil
	}
	for _, n := range []*Node{a, b} {
		if done, err := c.settled(n); err != nil || !done {
			return false, err
		}
	}
	return c.differ(a, b, depth-1)
}
