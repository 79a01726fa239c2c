package webtest

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// Log is the log of a site under test, a line an event.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Logger writes what is of the level and above into the log.
func (l *Log) Logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: level}))
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String is the log so far. The line of a request may come after its answer.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// Line waits for a line that has all of the texts, and returns the first.
func (l *Log) Line(t testing.TB, texts ...string) string {
	t.Helper()
	for range 500 {
		for line := range strings.Lines(l.String()) {
			if hasAll(line, texts) {
				return line
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no line of the log has %q:\n%s", texts, l)
	return ""
}

func hasAll(line string, texts []string) bool {
	for _, text := range texts {
		if !strings.Contains(line, text) {
			return false
		}
	}
	return true
}
