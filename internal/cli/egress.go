package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"ossian/internal/egress"
)

type egressCmd struct {
	JSON bool `name:"json" help:"Print one JSON object a connection."`
}

func (egressCmd) Help() string {
	return `Shows every connection this program made to another machine, or was kept from making: when, for what, where to, and how many bytes went through. There are none but those of the commands that fetch; nothing is reported to anyone. The log is ~/.ossian/egress.log ($OSSIAN_HOME) and keeps the last few thousand.

Examples:

    ossian egress
    ossian egress --json | tail -1`
}

func (c *egressCmd) Run(sys *system) error {
	path, err := sys.egressLog()
	if err != nil {
		return err
	}
	entries, damaged, err := egress.Read(path)
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(sys.stdout)
		for _, e := range entries {
			if err := enc.Encode(e); err != nil {
				return err
			}
		}
		return nil
	}
	made, sent, received := 0, int64(0), int64(0)
	for _, e := range entries {
		text := fmt.Sprintf("sent %s, received %s", inBytes(e.Sent), inBytes(e.Received))
		switch e.Event {
		case egress.Refused:
			text = "refused, nothing was sent"
		case egress.Failed:
			text = "failed: " + e.Error
		case egress.Opening:
			text = "open, or never closed"
		}
		if e.Event == egress.Closed || e.Event == egress.Opening {
			made, sent, received = made+1, sent+e.Sent, received+e.Received
		}
		fmt.Fprintf(sys.stdout, "%s  %-8s  %s  %s\n", e.Time.UTC().Format(time.RFC3339), e.Purpose, e.Host, text)
	}
	fmt.Fprintf(sys.stdout, "%d connections made, %s sent, %s received; %s\n", made, inBytes(sent), inBytes(received), path)
	if damaged > 0 {
		return fmt.Errorf("%d lines of %s cannot be read", damaged, path)
	}
	return nil
}
