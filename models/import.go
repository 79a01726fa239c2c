package models

import "context"

// MostFileRows is how many lines a file that changes the catalogue may have.
const MostFileRows = 2000

// FileRow is a line of a file that changes the catalogue.
type FileRow[In any] struct {
	Line int // of the file
	In   In
}

// File is a file that changes the catalogue, and what is to become of it.
type File[In any] struct {
	Rows []FileRow[In]
	// Whole removes what the file does not have, where it can go.
	Whole bool
	// All takes nothing of a file of which a line is refused.
	All bool
	// Version is that of the catalogue for which the differences were shown, "" where
	// none were.
	Version string
}

// FileChange is what a line of a file does.
type FileChange string

// The changes of a file.
const (
	FileAdded   FileChange = "added"
	FileChanged FileChange = "changed"
	FileRemoved FileChange = "removed"
	FileRefused FileChange = "refused"
	FileTheSame FileChange = "same"
)

// FileDiff is what a line of a file does, or what its absence does.
type FileDiff[In, Of any] struct {
	Line   int // of the file, 0 for what it does not have
	Change FileChange
	Input  In
	// Is what there is to be, and Was what there is.
	Is, Was Of
	Refused Invalid
}

// FileDiffs are what a file does.
type FileDiffs[In, Of any] struct {
	All     []FileDiff[In, Of]
	Version string // of the catalogue
}

// Count is how many differences are a change.
func (d FileDiffs[In, Of]) Count(change FileChange) (n int) {
	for _, one := range d.All {
		if one.Change == change {
			n++
		}
	}
	return n
}

// Import is how files of one sort change the catalogue.
type Import[In, Of any] struct {
	// diff is what a file does to the catalogue, which it may change.
	diff func(ctx context.Context, db *DB, c *catalogue, file File[In]) ([]FileDiff[In, Of], error)
	// apply does what a difference says, in the caller's transaction. c is the catalogue
	// with what was applied before.
	apply func(ctx context.Context, db *DB, by Actor, c *catalogue, d FileDiff[In, Of]) error
}

// Preview is what a file would do, for site admins.
func (i *Import[In, Of]) Preview(ctx context.Context, db *DB, by Actor, file File[In]) (d FileDiffs[In, Of], err error) {
	if err := by.maySite(); err != nil {
		return d, err
	}
	c, err := db.catalogue(ctx)
	if err != nil {
		return d, err
	}
	return i.differences(ctx, db, c, file)
}

func (i *Import[In, Of]) differences(ctx context.Context, db *DB, c *catalogue, file File[In]) (d FileDiffs[In, Of], err error) {
	if len(file.Rows) > MostFileRows {
		return d, ErrTooLarge
	}
	d.Version = c.version
	d.All, err = i.diff(ctx, db, c.copy(), file)
	return d, err
}

// Run does what a file says, in one transaction, for site admins, and returns what it
// did. Lines that are refused are left out, or with All nothing is done
// ("file_refused"). Where the catalogue is not what the differences were shown for,
// nothing is done, and it is ErrConflict with what it would do now.
func (i *Import[In, Of]) Run(ctx context.Context, db *DB, by Actor, file File[In]) (d FileDiffs[In, Of], err error) {
	err = db.onCatalogue(ctx, by, func(ctx context.Context, tx *DB, by Actor, c *catalogue) error {
		var err error
		if d, err = i.differences(ctx, tx, c, file); err != nil {
			return err
		}
		switch {
		case file.Version != c.version:
			return ErrConflict
		case file.All && d.Count(FileRefused) > 0:
			return invalid("", "file_refused")
		}
		for _, one := range d.All {
			if one.Change != FileAdded && one.Change != FileChanged && one.Change != FileRemoved {
				continue
			}
			if err := i.apply(ctx, tx, by, c, one); err != nil {
				return err
			}
		}
		return nil
	})
	return d, err
}
