package keys

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"
)

// Prefix begins every key, so that people and scanners recognize one that leaked.
const Prefix = "ossian-"

// Key is what is known of a key.
type Key struct {
	ID      string     `json:"id"` // the start of the hash: enough to name it
	Name    string     `json:"name"`
	Hash    string     `json:"sha256"`
	Created time.Time  `json:"created"`
	Revoked *time.Time `json:"revoked,omitempty"`
	Limits
}

// Limits bound what a key may use; 0 is no limit of its own.
type Limits struct {
	RequestsPerMinute int `json:"requests_per_minute,omitempty"`
	TokensPerMinute   int `json:"tokens_per_minute,omitempty"` // of prompt and answer
	Concurrent        int `json:"concurrent,omitempty"`        // requests at once
}

// newSecret makes the text of a key.
func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it never fails
	return Prefix + base64.RawURLEncoding.EncodeToString(b[:])
}

func hash(secret string) string {
	h := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(h[:])
}
