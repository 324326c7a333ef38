package awssim

import (
	"fmt"
	"hash/fnv"
	"time"
)

// bits are the next 64 random bits for a kind and entity.
func (a *Account) bits(kind, entity string) uint64 {
	key := kind + "\x00" + entity
	h := fnv.New64a()
	fmt.Fprintf(h, "%d\x00%s\x00%d", a.cfg.Seed, key, a.ordinals[key])
	a.ordinals[key]++
	// The sum alone differs too little where only the ordinal does.
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// draw is the next number in [0, 1) for a kind and entity.
func (a *Account) draw(kind, entity string) float64 {
	return float64(a.bits(kind, entity)>>11) / (1 << 53)
}

func (a *Account) between(low, high time.Duration, kind, entity string) time.Duration {
	return low + time.Duration(a.draw(kind, entity)*float64(high-low))
}

// id is a new id in EC2's form. It comes from what the thing is made for, not
// from a counter: one launch more must not rename all later machines, and with
// the name change every draw of theirs.
func (a *Account) id(prefix, entity string) string {
	return fmt.Sprintf("%s-0%016x", prefix, a.bits("id of "+prefix, entity))
}
