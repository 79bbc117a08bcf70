package server

import (
	"ossian/internal/engine"
	"ossian/internal/grammar"
	"ossian/internal/guide"
	"ossian/internal/openai"
)

// newFormat prepares a model's vocabulary for masks: some tenths of a second, some megabytes.
func (m *Model) newFormat() (*guide.Format, error) {
	return guide.New(m.Tokens, grammar.NewVocabulary(m.Tokens, m.Chat.Engine.Vocab()))
}

// constrain makes what a request demands of its answers' form a guide, for any number of
// answers; nil when it demands nothing. What cannot be enforced is the request's error.
func (m *Model) constrain(c *openai.Constraint) (func(tokens int) engine.MaskSource, error) {
	if c == nil {
		return nil, nil
	}
	format, err := m.format()
	if err != nil {
		return nil, err
	}
	var offer guide.Offer
	for _, t := range c.Tools {
		tool := guide.Tool{Recipient: t.Recipient}
		if t.Parameters != nil {
			if tool.Arguments, err = grammar.FromSchema(t.Parameters); err != nil {
				return nil, openai.Unfit(t.Param, err)
			}
		}
		offer.Tools = append(offer.Tools, tool)
	}
	if c.Required {
		offer.Choice = guide.Required
	}
	switch {
	case c.Schema != nil:
		offer.JSON = true
		if offer.Answer, err = grammar.FromSchema(c.Schema); err != nil {
			return nil, openai.Unfit(c.SchemaParam, err)
		}
	case c.JSON:
		offer.JSON = true
		if offer.Answer, err = grammar.JSONObject(); err != nil {
			return nil, err
		}
	}
	plan, err := format.Plan(offer)
	if err != nil {
		return nil, openai.Unfit(c.SchemaParam, err)
	}
	return func(tokens int) engine.MaskSource { return plan.Source(guide.Limits{Tokens: tokens}) }, nil
}
