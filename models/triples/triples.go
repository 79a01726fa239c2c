// Package triples indexes texts by every three characters in a row, so that the
// texts that contain another are found among many without reading them. It
// knows no database: what it makes are blocks, to be kept in the order of their
// first key.
package triples

import (
	"encoding/binary"
	"hash/fnv"
	"math/bits"
	"slices"
)

// Most is how many texts are indexed together at most.
const Most = 1 << 14

// Key is three characters in a row, 21 bits each, or a tag. Keys that begin with
// the same characters lie side by side.
type Key int64

const (
	charBits = 21
	tags     = Key(1<<charBits-1) << (2 * charBits) // above all characters
)

// Tag is the key of a word that is asked for only as a whole.
func Tag(word string) Key {
	h := fnv.New64a()
	h.Write([]byte(word))                            // #nosec G104 -- a checksum takes everything
	return tags | Key(h.Sum64()&(1<<(2*charBits)-1)) // #nosec G115 -- 42 bits
}

// Tags are the first key that is a tag and the one behind the last.
func Tags() (from, to Key) { return tags, 1<<63 - 1 }

// windows visits the keys of a text, some of them twice. Behind its end a text
// has zeroes, so that the last two characters begin keys too.
func windows(text string, visit func(Key)) {
	var key Key
	n := 0
	for _, r := range text {
		key = key<<charBits&(1<<(3*charBits)-1) | Key(r)
		if n++; n >= 3 {
			visit(key)
		}
	}
	for range 2 {
		key = key << charBits & (1<<(3*charBits) - 1)
		if n++; n >= 3 {
			visit(key)
		}
	}
}

// Asked are the keys of every text that contains a text of at least three
// characters, each once. For a shorter one there are none, and its texts are
// those with any key from one on and before another.
func Asked(text string) (keys []Key, from, to Key) {
	runes := []rune(text)
	switch len(runes) {
	case 0:
		return nil, 0, 0
	case 1, 2:
		shift := charBits * (3 - len(runes))
		for _, r := range runes {
			from = from<<charBits | Key(r)
		}
		return nil, from << shift, (from + 1) << shift
	}
	seen := map[Key]bool{}
	for i := range len(runes) - 2 {
		key := Key(runes[i])<<(2*charBits) | Key(runes[i+1])<<charBits | Key(runes[i+2])
		if !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	return keys, 0, 0
}

// Builder makes the blocks of up to Most texts.
type Builder struct {
	texts int
	found map[Key]*posting
}

// posting says which texts have a key: the distances between their numbers.
type posting struct {
	last, n int
	list    []byte
}

// Add adds a text, whose number is how many were added before, and words that it
// is tagged with.
func (b *Builder) Add(text string, words ...string) {
	if b.found == nil {
		b.found = map[Key]*posting{}
	}
	windows(text, b.note)
	for _, w := range words {
		b.note(Tag(w))
	}
	b.texts++
}

func (b *Builder) note(key Key) {
	p := b.found[key]
	if p == nil {
		p = &posting{last: -1}
		b.found[key] = p
	}
	if p.last == b.texts {
		return
	}
	p.list = binary.AppendUvarint(p.list, uint64(b.texts-p.last)) // #nosec G115 -- never negative
	p.last, p.n = b.texts, p.n+1
}

// Block is a part of an index: the keys from First on, up to the next block.
type Block struct {
	First Key
	Data  []byte
}

// blockBytes is how full a block is before the next begins. With what is still
// added it fits into a page of both databases.
const blockBytes = 2000

// Blocks are what was added, in the order of their keys.
func (b *Builder) Blocks() []Block {
	keys := make([]Key, 0, len(b.found))
	for key := range b.found {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var blocks []Block
	var last Key
	for _, key := range keys {
		if n := len(blocks); n == 0 || len(blocks[n-1].Data) >= blockBytes {
			blocks = append(blocks, Block{First: key})
			last = key
		}
		at := &blocks[len(blocks)-1].Data
		list, form := b.found[key].packed(b.texts)
		*at = binary.AppendUvarint(*at, uint64(key-last)) // #nosec G115 -- in their order
		*at = binary.AppendUvarint(*at, uint64(len(list))<<1|form)
		*at = append(*at, list...)
		last = key
	}
	return blocks
}

const (
	asList = 0
	asMap  = 1
)

// packed is the shorter of the two forms of a posting: the distances, or a bit
// for each text.
func (p *posting) packed(texts int) ([]byte, uint64) {
	if len(p.list) <= (texts+7)/8 {
		return p.list, asList
	}
	set := make([]byte, (texts+7)/8)
	each(p.list, func(i int) { set[i/8] |= 1 << (i % 8) })
	return set, asMap
}

func each(list []byte, visit func(int)) {
	for i := -1; len(list) > 0; {
		d, n := binary.Uvarint(list)
		if n <= 0 || d > Most {
			return
		}
		list = list[n:]
		i += int(d) // #nosec G115 -- Most at most
		visit(i)
	}
}

// Set is a set of texts, by their numbers.
type Set []uint64

// NewSet is an empty set of so many texts.
func NewSet(texts int) Set { return make(Set, (texts+63)/64) }

// Collect adds the texts that have one of the keys from one on and before
// another, as far as the block has them. with, unless nil, picks among the keys.
func (s Set) Collect(b Block, from, to Key, with func(Key) bool) {
	key, data := b.First, b.Data
	for len(data) > 0 {
		d, n := binary.Uvarint(data)
		size, m := binary.Uvarint(data[max(n, 0):])
		if n <= 0 || m <= 0 || size>>1 > uint64(len(data)-n-m) { // #nosec G115 -- the two were read from data
			return
		}
		list := data[n+m : n+m+int(size>>1)] // #nosec G115 -- at most what is left
		data = data[n+m+len(list):]
		if key += Key(d); key >= to { // #nosec G115 -- as it was written
			return
		}
		if key >= from && (with == nil || with(key)) {
			s.add(list, size&1)
		}
	}
}

func (s Set) add(list []byte, form uint64) {
	if form == asMap {
		for i, b := range list {
			if i/8 < len(s) {
				s[i/8] |= uint64(b) << (i % 8 * 8)
			}
		}
		return
	}
	each(list, func(i int) {
		if i/64 < len(s) {
			s[i/64] |= 1 << (i % 64)
		}
	})
}

// Has tells whether a text is in the set.
func (s Set) Has(i int) bool { return s[i/64]>>(i%64)&1 == 1 }

// And leaves the texts that are in another set too.
func (s Set) And(t Set) {
	for i := range s {
		s[i] &= t[i]
	}
}

// Or adds the texts of another set.
func (s Set) Or(t Set) {
	for i := range s {
		s[i] |= t[i]
	}
}

// Cut leaves the texts from one on and before another.
func (s Set) Cut(from, to int) {
	for i := range s {
		lo, hi := max(from-i*64, 0), min(to-i*64, 64)
		if lo >= 64 || hi <= lo {
			s[i] = 0
			continue
		}
		s[i] &= ^uint64(0) << lo & (^uint64(0) >> (64 - hi))
	}
}

// Len is how many texts there are.
func (s Set) Len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// Some are at most n of the texts: the last ones, or the first.
func (s Set) Some(n int, first bool) []int {
	var out []int
	for i := range s {
		if !first {
			i = len(s) - 1 - i
		}
		for w := s[i]; w != 0 && len(out) < n; {
			b := bits.TrailingZeros64(w)
			if !first {
				b = 63 - bits.LeadingZeros64(w)
			}
			out = append(out, i*64+b)
			w &^= 1 << b
		}
	}
	return out
}
