package webhooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
)

// signature reads the values of X-Hub-Signature-256. There must be one, in
// full: the older header with SHA-1 is never looked at.
func signature(values []string) (sum [sha256.Size]byte, ok bool) {
	if len(values) != 1 {
		return sum, false
	}
	digits, ok := strings.CutPrefix(values[0], "sha256=")
	if !ok || len(digits) != hex.EncodedLen(len(sum)) {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(digits))
	return sum, err == nil
}

// signed reports whether the sum is that of the text with any of the secrets.
// Each comparison takes the same time wherever it fails.
func (h *Handler) signed(text []byte, sum [sha256.Size]byte) bool {
	for i, secret := range h.Secrets {
		if len(secret) == 0 || i >= len(h.macs) { // Check refuses both
			continue
		}
		if h.matches(i, text, sum) {
			return true
		}
	}
	return false
}

func (h *Handler) matches(i int, text []byte, sum [sha256.Size]byte) bool {
	// A keyed hash is kept because keying it costs two blocks each time.
	mac, ok := h.macs[i].Get().(hash.Hash)
	if !ok {
		mac = hmac.New(sha256.New, h.Secrets[i])
	}
	mac.Reset()
	mac.Write(text)
	var own [sha256.Size]byte
	equal := hmac.Equal(mac.Sum(own[:0]), sum[:])
	h.macs[i].Put(mac)
	return equal
}
