package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"ossian/internal/token"
)

type tokensCmd struct {
	Model   string   `short:"m" placeholder:"MODEL" help:"The model whose vocabulary to use (default: gpt-oss's own, o200k_harmony, built in)."`
	Decode  bool     `xor:"mode" help:"The other way: ids, as numbers or JSON lists, to text."`
	JSONL   bool     `name:"jsonl" help:"Read lines {\"text\": …, \"special\": bool}, print a JSON list of ids for each. With --decode: lists to JSON strings."`
	Render  bool     `xor:"mode" help:"Read a Chat Completions request, with date and reasoning_effort if wanted, and print the prompt the model would get, control tokens spelled out."`
	IDs     bool     `name:"ids" help:"With --render: print ids instead."`
	Special bool     `help:"Let special tokens spelled out in the text, such as <|start|>, become themselves."`
	Pieces  bool     `help:"Print a line for each token: its id and its text."`
	Words   []string `arg:"" optional:"" name:"text" help:"Text, or ids with --decode. Without it standard input is read, exactly as it is."`
}

func (tokensCmd) Help() string {
	return `Text never becomes a special token unless --special, or "special": true in a line, says so.

Examples:

    ossian tokens "Hello, world"
    ossian tokens --decode 13225 11 2375
    echo '{"text": "<|start|>", "special": true}' | ossian tokens --jsonl
    echo '{"messages": [{"role": "user", "content": "Hi"}], "date": "2026-01-31", "reasoning_effort": "low"}' | ossian tokens --render`
}

func (c *tokensCmd) Validate() error {
	switch {
	case c.Render && (c.JSONL || c.Special || c.Pieces || len(c.Words) > 0):
		return usage("--render reads one request from standard input and goes with --ids and --model only")
	case c.JSONL && (c.Special || c.Pieces || len(c.Words) > 0):
		return usage("--jsonl reads lines from standard input and goes with --decode and --model only")
	case c.IDs && !c.Render:
		return usage("--ids goes with --render; ids are what is printed without it anyway")
	case c.Decode && c.Special:
		return usage("--special is about text, --decode reads ids")
	}
	return nil
}

func (c *tokensCmd) Run(ctx context.Context, sys *system) error {
	ctx, stop := sys.interrupt(ctx)
	defer stop()
	tok, err := sys.vocabulary(c.Model)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(sys.stdout)
	switch {
	case c.Render:
		err = c.render(ctx, sys, tok, out)
	case c.JSONL && c.Decode:
		err = eachLine(ctx, sys.stdin, func(line []byte) error { return decodeLine(tok, line, out) })
	case c.JSONL:
		err = eachLine(ctx, sys.stdin, func(line []byte) error { return encodeLine(tok, line, out) })
	default:
		err = c.once(ctx, sys, tok, out)
	}
	return errors.Join(err, out.Flush())
}

// vocabulary is the tokenizer of a model; without one, gpt-oss's own.
func (s *system) vocabulary(name string) (*token.Tokenizer, error) {
	if name == "" {
		return token.O200kHarmony()
	}
	at, err := s.find(name)
	if err != nil {
		return nil, err
	}
	return readTokenizer(at)
}

func (c *tokensCmd) once(ctx context.Context, sys *system, tok *token.Tokenizer, out io.Writer) error {
	text := strings.Join(c.Words, " ")
	if len(c.Words) == 0 {
		if sys.inTerminal {
			return usage(`nothing to do; give text: ossian tokens "Hello"`)
		}
		data, err := sys.readAll(ctx, false)
		if err != nil {
			return err
		}
		text = string(data)
	}
	if c.Decode {
		ids, err := parseIDs(text)
		if err != nil {
			return err
		}
		if c.Pieces {
			return pieces(tok, ids, out)
		}
		return decode(tok, ids, out, sys.outTerminal)
	}
	var ids []uint32
	if c.Special {
		ids = tok.EncodeSpecial(nil, text, nil)
	} else {
		ids = tok.Encode(nil, text)
	}
	if c.Pieces {
		return pieces(tok, ids, out)
	}
	return printIDs(out, ids)
}

// parseIDs reads numbers between white space, commas and brackets.
func parseIDs(text string) ([]uint32, error) {
	var ids []uint32
	for _, f := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,[]", r) }) {
		id, err := strconv.ParseUint(f, 10, 32)
		if err != nil {
			return nil, usage("%q is no token id; --decode reads numbers such as 13225 11 2375", f)
		}
		ids = append(ids, uint32(id))
	}
	return ids, nil
}

// decode writes the bytes of ids as they are; to a terminal only what it can show.
func decode(tok *token.Tokenizer, ids []uint32, out io.Writer, terminal bool) error {
	if terminal {
		_, err := fmt.Fprintln(out, clean(tok.Decode(ids)))
		return err
	}
	for i, id := range ids {
		b, ok := tok.Bytes(id)
		if !ok {
			return fmt.Errorf("id %d at place %d is no token of this vocabulary, which ends at %d", id, i, tok.Size()-1)
		}
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	return nil
}

func pieces(tok *token.Tokenizer, ids []uint32, out io.Writer) error {
	for _, id := range ids {
		b, ok := tok.Bytes(id)
		text := strconv.Quote(string(b))
		if !ok {
			text = "no token"
		}
		if _, err := fmt.Fprintf(out, "%d\t%s\n", id, text); err != nil {
			return err
		}
	}
	return nil
}

// printIDs writes a JSON list on a line.
func printIDs(out io.Writer, ids []uint32) error {
	line := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			line = append(line, ", "...)
		}
		line = strconv.AppendUint(line, uint64(id), 10)
	}
	_, err := out.Write(append(line, "]\n"...))
	return err
}

func encodeLine(tok *token.Tokenizer, line []byte, out io.Writer) error {
	var in struct {
		Text    *string `json:"text"`
		Special bool    `json:"special"`
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return err
	}
	if in.Text == nil {
		return errors.New(`there is no "text"`)
	}
	if in.Special {
		return printIDs(out, tok.EncodeSpecial(nil, *in.Text, nil))
	}
	return printIDs(out, tok.Encode(nil, *in.Text))
}

func decodeLine(tok *token.Tokenizer, line []byte, out io.Writer) error {
	var ids []uint32
	if err := json.Unmarshal(line, &ids); err != nil {
		return err
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return enc.Encode(tok.Decode(ids))
}

// eachLine gives every line of r that is not blank to f; errors name the line.
func eachLine(ctx context.Context, r io.Reader, f func(line []byte) error) error {
	in := bufio.NewReader(r)
	for n := 1; ctx.Err() == nil; n++ {
		line, err := readLine(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && len(strings.TrimSpace(string(line))) > 0 {
			err = f(line)
		}
		if err != nil {
			return fmt.Errorf("line %d of standard input: %w", n, err)
		}
	}
	return ctx.Err()
}

// maxLine bounds a line of standard input.
const maxLine = 256 << 20

// readLine reads a line without its end; io.EOF when there is none left.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, fmt.Errorf("longer than %s", size(maxLine))
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0):
			return nil, err
		}
		n := len(line)
		for n > 0 && (line[n-1] == '\n' || line[n-1] == '\r') {
			n--
		}
		return line[:n], nil
	}
}
