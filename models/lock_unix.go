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

// lockFile is the file in the data folder that the lock is on.
const lockFile = "lock"

// lockFolder takes the data folder for this process. The lock ends with the
// process, however it ends.
func lockFolder(folder string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(folder, lockFile), os.O_RDWR|os.O_CREATE, 0o600) // #nosec G304 -- the server administrator names the folder
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrFolderInUse
		}
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	// Another start may have taken the file away meanwhile, together with the
	// folder that it had made. A lock on the removed file would protect
	// nothing.
	mine, err := f.Stat()
	if err == nil {
		var there os.FileInfo
		if there, err = os.Stat(f.Name()); err == nil && os.SameFile(mine, there) {
			return f, nil
		}
	}
	_ = f.Close()
	return nil, errors.Join(ErrFolderInUse, err)
}
