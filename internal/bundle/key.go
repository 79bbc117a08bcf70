package bundle

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"ossian/internal/disk"
)

// PublicKey says whose a bundle is.
type PublicKey []byte

// PrivateKey makes a bundle its owner's.
type PrivateKey []byte

// Public is the other half, to be given away.
func (k PrivateKey) Public() PublicKey {
	return PublicKey(k[ed25519.PrivateKeySize-ed25519.PublicKeySize:])
}

// Fingerprint is the short form of a key that people compare.
func (k PublicKey) Fingerprint() string {
	sum := sha256.Sum256(k)
	return fingerprintPrefix + base64.RawStdEncoding.EncodeToString(sum[:])
}

const fingerprintPrefix = "SHA256:"

// Equal reports whether two keys are the same.
func (k PublicKey) Equal(other PublicKey) bool { return bytes.Equal(k, other) }

const (
	privateBlock = "PRIVATE KEY" // PKCS #8, RFC 5958; openssl reads it
	publicBlock  = "PUBLIC KEY"  // SubjectPublicKeyInfo, RFC 5280
	maxKeyFile   = 16 << 10
)

// NewKey makes a key: the private half in path, for its owner's eyes only, the public
// half in path.pub. No file is overwritten.
func NewKey(path string) (PublicKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	open, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(path + ".pub"); err == nil {
		return nil, failed(path+".pub", "choose another name for the new key", "it is there already")
	}
	if err := create(path, pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: secret}), 0o600); err != nil {
		return nil, err
	}
	if err := create(path+".pub", pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: open}), 0o644); err != nil {
		_ = os.Remove(path) // half a key is none
		return nil, err
	}
	disk.SyncDir(filepath.Dir(path))
	return PublicKey(public), nil
}

func create(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return failed(path, "choose another name for the new key", "it is there already")
	}
	if err == nil {
		_, err = f.Write(data)
		err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	}
	if err != nil {
		return &Error{What: path, Why: "writing the key", Next: "choose a folder that can be written", Err: err}
	}
	return nil
}

// ReadPrivateKey reads what NewKey or openssl wrote. A key that others can read is
// refused: it may not be its owner's alone.
func ReadPrivateKey(path string) (PrivateKey, error) {
	der, err := readBlock(path, privateBlock)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, failed(path, "chmod 600 "+path+", and make a new key if somebody may have read it", "others can read this private key")
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if k, ok := key.(ed25519.PrivateKey); ok && err == nil {
		return PrivateKey(k), nil
	}
	return nil, notAKey(path, "private")
}

// ReadPublicKey reads the public half.
func ReadPublicKey(path string) (PublicKey, error) {
	der, err := readBlock(path, publicBlock)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if k, ok := key.(ed25519.PublicKey); ok && err == nil {
		return PublicKey(k), nil
	}
	return nil, notAKey(path, "public")
}

func readBlock(path, kind string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{What: path, Why: "opening the key", Next: "ossian bundle --new-key FILE makes one", Err: err}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, &Error{What: path, Why: "reading the key", Err: err}
	}
	block, _ := pem.Decode(data)
	switch {
	case block != nil && block.Type == kind:
		return block.Bytes, nil
	case block != nil && block.Type == publicBlock:
		return nil, failed(path, "give the file without .pub to sign", "it is the public half of a key, and the private one is needed")
	case block != nil && block.Type == privateBlock:
		return nil, failed(path, "give the .pub file beside it, and keep this one to yourself", "it is the private half of a key, and the public one is needed")
	}
	return nil, notAKey(path, "")
}

func notAKey(path, kind string) error {
	if kind != "" {
		kind += " "
	}
	return failed(path, "ossian bundle --new-key FILE makes one", "it holds no %sed25519 key", kind)
}
