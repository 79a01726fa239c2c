package models

import "sync"

// Meter tells how far long work has come. It may be read while the work goes
// on. The zero Meter is ready.
type Meter struct {
	mu  sync.Mutex
	now Step
}

// Step is what a long work is doing, and how much of it is done. Total is 0
// where nobody knows it.
type Step struct {
	What        string // in English, as "copying objects"
	Done, Total int64
	Bytes       int64 // that were moved or read in this step
}

// Now is the step that the work is in.
func (m *Meter) Now() Step {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *Meter) begin(what string, total int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = Step{What: what, Total: total}
}

func (m *Meter) add(done, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.Done += done
	m.now.Bytes += bytes
}
