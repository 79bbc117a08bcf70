package bundle

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

const (
	signatureFormat = "ossian-signature 1"
	maxSignature    = 1024
)

// signature is the content of manifest.sig: four lines of text. The signature is one
// of the manifest's bytes, so that other programs can check it (docs/air-gap.md says how);
// that it means a manifest and nothing else the manifest's own first field says. The
// manifest's hash is there to tell which of the two files was changed.
type signature struct {
	manifest string // SHA-256
	key      PublicKey
	sig      []byte
}

func sign(manifest []byte, key PrivateKey) signature {
	return signature{hashOf(manifest), key.Public(), ed25519.Sign(ed25519.PrivateKey(key), manifest)}
}

func (s signature) String() string {
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("%s\nmanifest: %s\nkey: %s\nsignature: %s\n", signatureFormat, s.manifest, b64(s.key), b64(s.sig))
}

// parseSignature reads nothing but what String writes.
func parseSignature(data []byte) (signature, error) {
	bad := func() (signature, error) {
		return signature{}, failed(signatureName, again, "it is damaged: it is not written as ossian writes it")
	}
	var s signature
	var err1, err2 error
	lines := strings.Split(string(data), "\n")
	if len(data) > maxSignature || len(lines) != 5 || !isHash(strings.TrimPrefix(lines[1], "manifest: ")) {
		return bad()
	}
	s.manifest = strings.TrimPrefix(lines[1], "manifest: ")
	strict := base64.StdEncoding.Strict()
	s.key, err1 = strict.DecodeString(strings.TrimPrefix(lines[2], "key: "))
	s.sig, err2 = strict.DecodeString(strings.TrimPrefix(lines[3], "signature: "))
	if err1 != nil || err2 != nil || len(s.key) != ed25519.PublicKeySize || len(s.sig) != ed25519.SignatureSize || s.String() != string(data) {
		return bad()
	}
	return s, nil
}

// check holds the signature against the manifest it is said to be of.
func (s signature) check(manifest []byte) error {
	if hashOf(manifest) != s.manifest {
		if m, err := Parse(manifest); err == nil { // only to say more
			return failed(manifestName, again, "it is not the manifest that was signed: it is another bundle's (of %s, made %s), or somebody rewrote it", m.name(), m.Made)
		}
		return failed(manifestName, again, "it is damaged: it is not the manifest that was signed, and none that ossian writes")
	}
	if !ed25519.Verify(ed25519.PublicKey(s.key), manifest, s.sig) {
		return failed(signatureName, again, "its signature is false: the key %s did not sign this manifest", s.key.Fingerprint())
	}
	return nil
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
