package files

import "sync"

// Folder is a folder that several goroutines sync at the same time: those who wait
// share the next sync.
type Folder struct {
	path    string
	one     sync.Mutex // held while it is synced
	mu      sync.Mutex
	waiting *turn // the sync that has not begun, nil when nobody waits
}

type turn struct {
	done chan struct{}
	err  error
}

// NewFolder is the folder at a path.
func NewFolder(path string) *Folder { return &Folder{path: path} }

// Sync is SyncFolder of the folder, which begins after it was called.
func (f *Folder) Sync() error {
	f.mu.Lock()
	t := f.waiting
	if t != nil {
		f.mu.Unlock()
		<-t.done
		return t.err
	}
	t = &turn{done: make(chan struct{})}
	f.waiting = t
	f.mu.Unlock()
	f.one.Lock()
	f.mu.Lock()
	f.waiting = nil
	f.mu.Unlock()
	t.err = SyncFolder(f.path)
	f.one.Unlock()
	close(t.done)
	return t.err
}
