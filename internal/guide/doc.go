// Package guide decides what the model may write in a turn: harmony messages with legal
// headers only, calls only of tools that are on offer, arguments and answers in the form
// that was asked for, and an end before the tokens run out. Reasoning stays free.
//
//	f, err := guide.New(tok, vocabulary)            // once per model
//	p, err := f.Plan(guide.Offer{...})              // once per request
//	engine.Request{Mask: p.Source(guide.Limits{...})} // once per answer
//
// It is separate from grammar, which knows no messages, and from harmony, which knows no
// masks; chat puts them together. A turn is one grammar whose symbols are bytes and
// special tokens:
//
//	turn     = { thought } ( answer | call )
//	thought  = <|channel|> analysis <|message|> text <|end|> <|start|> assistant
//	         | <|channel|> commentary <|message|> text <|end|> <|start|> assistant   (a preamble, when there are tools)
//	answer   = <|channel|> final [ <|constrain|> json ] <|message|> body <|return|>
//	call     = <|channel|> channel " to=" tool [ type ] <|message|> arguments <|call|>
//	         | " to=" tool <|channel|> channel [ type ] <|message|> arguments <|call|>
//
// Text is ordinary tokens, so no control token can get into it. When reasoning has used
// its share the source closes it and lets only the answer follow; when the tokens for
// the whole run out, a body under a grammar is led to its end by the shortest way.
//
// A Format and a Plan never change and may be shared; a Source belongs to one sequence.
package guide
