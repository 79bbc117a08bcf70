package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"ossian/internal/keys"
)

type keysCmd struct {
	Create keysCreateCmd `cmd:"" help:"Make a key and print it, this once."`
	List   keysListCmd   `cmd:"" help:"List the keys; what is kept of them is a hash."`
	Revoke keysRevokeCmd `cmd:"" help:"End a key; a running server knows within a second."`
}

type keysCreateCmd struct {
	Name              string `arg:"" help:"Whose key it is."`
	RequestsPerMinute int    `placeholder:"N" help:"Most requests a minute (default: no limit)."`
	TokensPerMinute   int    `placeholder:"N" help:"Most tokens a minute, of prompts and answers (default: no limit)."`
	Concurrent        int    `placeholder:"N" help:"Most requests at once (default: no limit)."`
}

func (keysCreateCmd) Help() string {
	return `The key goes to standard output and is not kept anywhere: only its hash is, in ~/.ossian/keys.json ($OSSIAN_HOME). Clients send it as "Authorization: Bearer KEY".

Examples:

    ossian keys create alice
    ossian keys create ci --requests-per-minute 60 --concurrent 2 > ci.key`
}

func (c *keysCreateCmd) Validate() error {
	if c.RequestsPerMinute < 0 || c.TokensPerMinute < 0 || c.Concurrent < 0 {
		return usage("limits are counts, from 0 up")
	}
	if c.Name == "" || len(c.Name) > 100 {
		return usage("a key needs a name of at most 100 bytes")
	}
	return nil
}

func (c *keysCreateCmd) Run(sys *system) error {
	file, err := sys.keys()
	if err != nil {
		return err
	}
	secret, k, err := file.Create(c.Name, keys.Limits{RequestsPerMinute: c.RequestsPerMinute, TokensPerMinute: c.TokensPerMinute, Concurrent: c.Concurrent})
	if err != nil {
		return err
	}
	fmt.Fprintf(sys.stderr, "ossian: key %s for %s; it is shown this once\n", k.ID, clean(k.Name))
	_, err = fmt.Fprintln(sys.stdout, secret)
	return err
}

type keysListCmd struct {
	JSON bool `name:"json" help:"Print one JSON array, hashes left out."`
}

func (keysListCmd) Help() string {
	return `Example:

    ossian keys list`
}

func (c *keysListCmd) Run(sys *system) error {
	file, err := sys.keys()
	if err != nil {
		return err
	}
	list, err := file.List()
	if err != nil {
		return err
	}
	if c.JSON {
		for i := range list {
			list[i].Hash = ""
		}
		enc := json.NewEncoder(sys.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(list)
	}
	if len(list) == 0 {
		fmt.Fprintln(sys.stderr, "ossian: no keys; ossian keys create NAME makes one")
	}
	for _, k := range list {
		state := "in force"
		if k.Revoked != nil {
			state = "revoked " + k.Revoked.Format(time.DateOnly)
		}
		fmt.Fprintf(sys.stdout, "%s  %-20s  created %s  %s%s\n", k.ID, clean(k.Name), k.Created.Format(time.DateOnly), state, limitsText(k.Limits))
	}
	return nil
}

func limitsText(l keys.Limits) string {
	text := ""
	for _, part := range []struct {
		n    int
		what string
	}{{l.RequestsPerMinute, "requests a minute"}, {l.TokensPerMinute, "tokens a minute"}, {l.Concurrent, "at once"}} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	return text
}

type keysRevokeCmd struct {
	Key string `arg:"" help:"Its id, or its name if no other key has it."`
}

func (keysRevokeCmd) Help() string {
	return `Example:

    ossian keys revoke alice`
}

func (c *keysRevokeCmd) Run(sys *system) error {
	file, err := sys.keys()
	if err != nil {
		return err
	}
	k, err := file.Revoke(c.Key)
	if err == nil {
		fmt.Fprintf(sys.stderr, "ossian: key %s of %s is revoked\n", k.ID, clean(k.Name))
	}
	return err
}
