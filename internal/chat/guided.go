package chat

import (
	"ossian/internal/engine"
	"ossian/internal/guide"
	"ossian/internal/harmony"
)

// closer is a guide that leads a body to its end when the tokens run out.
type closer interface{ Closed() bool }

// guide is what narrows a turn: the given one, or what the conversation offers; nil for a
// model without a format. The turn remembers it.
func (m *Model) guide(conv harmony.Conversation, given func(tokens int) engine.MaskSource, t *turn) (func(tokens int) engine.MaskSource, error) {
	if given == nil {
		if m.Format == nil {
			return nil, nil
		}
		format, err := m.Format()
		if err != nil {
			return nil, err
		}
		plan, err := format.Plan(guide.Offer{Tools: tools(conv)})
		if err != nil {
			return nil, err
		}
		given = func(tokens int) engine.MaskSource { return plan.Source(guide.Limits{Tokens: tokens}) }
	}
	return func(tokens int) engine.MaskSource {
		mask := given(tokens)
		t.mask, _ = mask.(closer)
		return mask
	}, nil
}

// tools are those that a conversation offers.
func tools(conv harmony.Conversation) []guide.Tool {
	var out []guide.Tool
	add := func(ns harmony.Namespace) {
		builtIn := ns.Name != harmony.FunctionsNamespace
		if len(ns.Functions) == 0 {
			out = append(out, guide.Tool{Recipient: ns.Name, BuiltIn: builtIn, Text: true})
		}
		for _, f := range ns.Functions {
			out = append(out, guide.Tool{Recipient: ns.Name + "." + f.Name, BuiltIn: builtIn})
		}
	}
	for _, m := range conv.Messages {
		for _, c := range m.Content {
			switch c := c.(type) {
			case harmony.SystemContent:
				for _, ns := range c.Tools {
					add(ns)
				}
			case harmony.DeveloperContent:
				for _, ns := range c.Namespaces {
					add(ns)
				}
				if len(c.Tools) > 0 {
					add(harmony.Namespace{Name: harmony.FunctionsNamespace, Functions: c.Tools})
				}
			}
		}
	}
	return out
}

// recipients are the full names of the tools that a conversation offers.
func recipients(conv harmony.Conversation) []string {
	var names []string
	for _, t := range tools(conv) {
		names = append(names, t.Recipient)
	}
	return names
}
