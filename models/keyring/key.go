package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

const keySize = 32 // bytes

// Key is a secret key of 256 bits.
type Key struct {
	// Fingerprint names the key and tells nothing else about it.
	Fingerprint string

	bytes  []byte
	aead   cipher.AEAD
	random func(n int) []byte
}

func newKey(b []byte, random func(n int) []byte) (*Key, error) {
	block, err := aes.NewCipher(b)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, b)
	mac.Write([]byte("quartermaster secret key"))
	return &Key{Fingerprint: hex.EncodeToString(mac.Sum(nil)[:16]), bytes: b, aead: aead, random: random}, nil
}

// parse reads a key in base64 or hex.
func parse(text string, random func(n int) []byte) (*Key, error) {
	text = strings.TrimSpace(text)
	b, err := hex.DecodeString(text)
	if err != nil {
		b, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	}
	if err != nil || len(b) != keySize {
		return nil, errors.New("the encryption key must be 32 bytes in base64 or hex")
	}
	return newKey(b, random)
}

// parseAll reads several keys with commas between.
func parseAll(given string, random func(n int) []byte) ([]*Key, error) {
	var keys []*Key
	for text := range strings.SplitSeq(given, ",") {
		k, err := parse(text, random)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// Check refuses what Open cannot take as given keys. The error does not say
// them again.
func Check(given string) error {
	_, err := parseAll(given, nil)
	return err
}

// Seal encrypts a secret. It can be read again for the same owner only.
func (k *Key) Seal(secret, owner string) []byte {
	nonce := k.random(k.aead.NonceSize())
	return k.aead.Seal(nonce, nonce, []byte(secret), []byte(owner))
}

func (k *Key) unseal(sealed []byte, owner string) (string, bool) {
	n := k.aead.NonceSize()
	if len(sealed) <= n {
		return "", false
	}
	secret, err := k.aead.Open(nil, sealed[:n], sealed[n:], []byte(owner))
	return string(secret), err == nil
}
