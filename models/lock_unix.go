package models

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// ErrFolderInUse says that another process works in the data folder.
var ErrFolderInUse = errors.New("the data folder is in use by another Quartermaster")

// lockFolder takes the data folder for this process. The lock ends with the
// process, however it ends.
func lockFolder(folder string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrFolderInUse
		}
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	return f, nil
}
