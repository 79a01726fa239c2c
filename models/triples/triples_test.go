package triples

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// find is what the blocks of a builder say about a text.
func find(b *Builder, text string) []int {
	blocks := b.Blocks()
	union := func(from, to Key) Set {
		s := NewSet(b.texts)
		for _, block := range blocks {
			s.Collect(block, from, to, nil)
		}
		return s
	}
	keys, from, to := Asked(text)
	found := union(from, to)
	for i, key := range keys {
		if s := union(key, key+1); i == 0 {
			found = s
		} else {
			found.And(s)
		}
	}
	return found.Some(Most, true)
}

func TestEveryTextThatContainsAnotherIsFound(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	const letters = "abc 知识仓é\x00"
	word := func(n int) string {
		var s strings.Builder
		for range n {
			s.WriteRune([]rune(letters)[random.IntN(len([]rune(letters)))])
		}
		return s.String()
	}
	var b Builder
	var texts []string
	for i := range 1000 {
		texts = append(texts, word(i%12))
		b.Add(texts[i])
	}
	for n := 1; n <= 5; n++ {
		for range 50 {
			asked := word(n)
			found := find(&b, asked)
			for i, text := range texts {
				if has := slices.Contains(found, i); strings.Contains(text, asked) && !has {
					t.Fatalf("%q is in %q, which is not found", asked, text)
				} else if !strings.Contains(text, asked) && has && n <= 3 && !strings.Contains(asked, "\x00") {
					t.Fatalf("%q is not in %q, which is found", asked, text)
				}
			}
		}
	}
}

func TestATagIsFoundAsAWhole(t *testing.T) {
	t.Parallel()
	var b Builder
	for i := range 300 {
		b.Add("bucket.created", fmt.Sprintf("tag%d", i%100))
	}
	from, to := Tags()
	s := NewSet(b.texts)
	for _, block := range b.Blocks() {
		s.Collect(block, from, to, func(k Key) bool { return k == Tag("tag7") })
	}
	if got := s.Some(Most, false); !slices.Equal(got, []int{207, 107, 7}) {
		t.Errorf("got %v", got)
	}
}

func TestASetIsCutAndReadFromBothEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to int }{{0, 300}, {1, 299}, {63, 65}, {64, 128}, {100, 100}, {130, 70}, {128, 1000}} {
		s := NewSet(300)
		var want []int
		for i := range 300 {
			s[i/64] |= 1 << (i % 64)
			if i >= c.from && i < c.to {
				want = append(want, i)
			}
		}
		s.Cut(c.from, c.to)
		if got := s.Some(Most, true); !slices.Equal(got, want) || s.Len() != len(want) {
			t.Errorf("%v: got %v", c, got)
		}
		slices.Reverse(want)
		if got := s.Some(5, false); !slices.Equal(got, want[:min(5, len(want))]) {
			t.Errorf("%v: got %v from the end", c, got)
		}
	}
}

func TestDamagedBlocksAreReadAsFarAsTheyGo(t *testing.T) {
	t.Parallel()
	var b Builder
	for i := range 500 {
		b.Add(fmt.Sprint("webplus-cn-hangzhou-", i*7919))
	}
	random := rand.New(rand.NewPCG(3, 4))
	for _, block := range b.Blocks() {
		data := slices.Clone(block.Data[:random.IntN(len(block.Data))])
		for range 20 {
			if len(data) > 0 {
				data[random.IntN(len(data))] = byte(random.Uint32())
			}
		}
		NewSet(500).Collect(Block{block.First, data}, 0, 1<<62, nil)
	}
}

func BenchmarkBuild(b *testing.B) {
	texts := make([]string, Most)
	for i := range texts {
		texts[i] = fmt.Sprintf("webplus-cn-hangzhou-s-%024x ada lovelace %d", rand.Uint64(), i)
	}
	bytes := 0
	for b.Loop() {
		var x Builder
		for _, text := range texts {
			x.Add(text)
		}
		bytes = 0
		for _, block := range x.Blocks() {
			bytes += len(block.Data)
		}
	}
	b.ReportMetric(float64(bytes)/Most, "bytes/text")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/Most, "us/text")
}
