// Package archive looks into a zip, jar or war and lists what is there, without
// unpacking it. Every entry is decompressed once, without keeping it, to verify
// its checksum. Entries, sizes, ratio and names are limited, so that a hostile
// archive costs little and is refused with a reason. Names of entries are only
// shown: they are never used as paths.
package archive

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"time"
)

// Reason says why an archive is refused. It is an error and a short code.
type Reason string

// The reasons, each with its sentence in views/i18n under fail.<code>.
const (
	NotArchive       Reason = "not_archive"
	TooManyEntries   Reason = "too_many_entries"
	TooLargeUnpacked Reason = "too_large_unpacked"
	TooDense         Reason = "ratio"
	Corrupt          Reason = "corrupt"
	Encrypted        Reason = "encrypted"
	NameTooLong      Reason = "name_too_long"
	TooDeep          Reason = "too_deep"
)

// Reasons are those that do not depend on what the archive is called.
var Reasons = []Reason{TooManyEntries, TooLargeUnpacked, TooDense, Corrupt, Encrypted, NameTooLong, TooDeep}

// ErrLong says that proving the archive would take long.
var ErrLong = errors.New("the archive takes long to prove")

func (r Reason) Error() string { return "archive refused: " + string(r) }

// Limits bound what an archive may hold and how much of it is listed.
type Limits struct {
	Listed    int   // entries in Listing.Entries; the rest is only counted
	Entries   int   // entries in the archive
	Directory int64 // bytes read to find the entries, names and comments included
	Unpacked  int64 // bytes of all entries, unpacked
	Ratio     int64 // unpacked bytes for each byte of the archive
	Free      int64 // unpacked bytes up to which the ratio does not matter
	Name      int   // bytes in an entry's name
	Depth     int   // folders in an entry's name
	Brief     int64 // unpacked bytes above which List proves nothing and is ErrLong; 0 for any
}

// Defaults are limits that are ample for deploy packages.
var Defaults = Limits{
	Listed:    10_000,
	Entries:   65_535,
	Directory: 16 << 20,
	Unpacked:  8 << 30,
	Ratio:     200,
	Free:      32 << 20,
	Name:      1024,
	Depth:     64,
}

// Kind of archive, recognised by its content, not by its name.
type Kind string

// The kinds. A war has a WEB-INF folder, a jar a manifest.
const (
	Zip Kind = "zip"
	Jar Kind = "jar"
	War Kind = "war"
)

// Listing is what was found in an archive.
type Listing struct {
	Kind      Kind
	Entries   []Entry // in the order of the archive
	Files     int     // all files, also those that are not listed
	Unpacked  int64   // their bytes, unpacked
	Truncated bool    // there are more entries than are listed
	Unchecked int     // files packed in a way we cannot unpack, sizes as declared
	MainClass string  // of a jar's or war's manifest, "" when it names none
	Manifest  []Attribute
}

// Entry is one file or folder. Its name can be shown safely: it is valid UTF-8,
// with control and direction characters written as escapes.
type Entry struct {
	Name       string
	Size       int64
	Compressed int64
	Modified   time.Time // zero when the archive does not say
	// Zoneless tells that the archive says no zone: Modified is the time that a
	// clock showed somewhere, and stands as if it were UTC.
	Zoneless bool `json:",omitempty"`
	Dir      bool
}

// Attribute is a line of the main section of a manifest, fit to be shown.
type Attribute struct {
	Name  string
	Value string
}

// List reads an archive of the given size and lists its entries. A refusal is
// a Reason in the error's chain; anything else is the end of ctx or a fault of r.
func List(ctx context.Context, r io.ReaderAt, size int64, limits Limits) (Listing, error) {
	src := &source{ctx: ctx, r: r, left: limits.Directory, entries: limits.Entries + seenTwice}
	l, err := list(src, size, limits)
	if err == nil {
		return l, nil
	}
	// An error of the reader is reported before the one that the zip package
	// made of it.
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case src.err != nil:
		err = src.err
	}
	return Listing{}, fmt.Errorf("list archive: %w", err)
}

func list(src *source, size int64, limits Limits) (Listing, error) {
	zr, err := zip.NewReader(src, size)
	// Names that point outside are listed like any others.
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return Listing{}, malformed(src)
	}
	src.left = -1
	if len(zr.File) > limits.Entries {
		return Listing{}, TooManyEntries
	}
	mend(zr.File)
	l := Listing{Kind: Zip, Entries: make([]Entry, 0, min(len(zr.File), limits.Listed))}
	for _, f := range zr.File {
		if err := l.admit(f, size, limits); err != nil {
			return Listing{}, fmt.Errorf("entry %.200q: %w", f.Name, err)
		}
	}
	if dense(l.Unpacked, size, limits) {
		return Listing{}, TooDense
	}
	if err := disjoint(zr.File, size); err != nil {
		return Listing{}, err
	}
	if limits.Brief > 0 && l.Unpacked > limits.Brief {
		return Listing{}, ErrLong
	}
	for _, f := range zr.File {
		if err := l.check(src.ctx, f); err != nil {
			return Listing{}, fmt.Errorf("entry %.200q: %w", f.Name, err)
		}
	}
	return l, nil
}

// admit checks an entry against the limits, by what the archive declares, and
// adds it to the listing.
func (l *Listing) admit(f *zip.File, size int64, limits Limits) error {
	const encrypted, strong, masked = 1 << 0, 1 << 6, 1 << 13
	switch {
	case f.Flags&(encrypted|strong|masked) != 0:
		return Encrypted
	case len(f.Name) > limits.Name:
		return NameTooLong
	case depth(f.Name) > limits.Depth:
		return TooDeep
	case f.CompressedSize64 > uint64(size): // #nosec G115 -- a file's size has no sign
		return Corrupt
	case f.UncompressedSize64 > uint64(limits.Unpacked-l.Unpacked): // #nosec G115 -- never above the limit, by this case
		return TooLargeUnpacked
	}
	e := Entry{
		Name:       shown(f.Name),
		Size:       int64(f.UncompressedSize64), // #nosec G115 -- within the limit, by the case above
		Compressed: int64(f.CompressedSize64),   // #nosec G115 -- within the file, by the case above
		Modified:   modified(f),
		Dir:        strings.HasSuffix(f.Name, "/"),
	}
	// The reader keeps UTC itself for the times that have no zone.
	e.Zoneless = !e.Modified.IsZero() && f.Modified.Location() == time.UTC && (f.ModifiedDate != 0 || f.ModifiedTime != 0)
	if !e.Dir {
		l.Files++
		l.Unpacked += e.Size
	}
	if len(l.Entries) < limits.Listed {
		l.Entries = append(l.Entries, e)
	} else {
		l.Truncated = true
	}
	switch upper := strings.ToUpper(f.Name); {
	case strings.HasPrefix(upper, "WEB-INF/"):
		l.Kind = War
	case upper == manifestName && l.Kind == Zip:
		l.Kind = Jar
	}
	return nil
}

// check decompresses an entry to verify its size and checksum.
func (l *Listing) check(ctx context.Context, f *zip.File) error {
	if strings.HasSuffix(f.Name, "/") {
		if f.UncompressedSize64 > 0 {
			return Corrupt
		}
		return nil
	}
	r, err := f.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		l.Unchecked++
		return nil
	}
	if err != nil {
		return Corrupt
	}
	defer r.Close()
	var keep *bytes.Buffer
	if strings.ToUpper(f.Name) == manifestName {
		keep = new(bytes.Buffer)
	}
	if err := drain(ctx, r, f, keep); err != nil {
		return err
	}
	if keep != nil {
		l.Manifest = attributes(keep.Bytes())
		for _, a := range l.Manifest {
			if strings.EqualFold(a.Name, "Main-Class") {
				l.MainClass = a.Value
			}
		}
	}
	return nil
}

// drain reads an entry to its end and stops as soon as it is longer than the
// archive declared. The first bytes are written to keep, if it is not nil.
func drain(ctx context.Context, r io.Reader, f *zip.File, keep *bytes.Buffer) error {
	buf := make([]byte, 64<<10)
	sum := crc32.NewIEEE()
	var size uint64
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf)
		sum.Write(buf[:n]) // #nosec G104 -- a checksum takes everything
		if keep != nil {
			keep.Write(buf[:min(n, manifestSize-keep.Len())])
		}
		if size += uint64(n); size > f.UncompressedSize64 { // #nosec G115 -- Read gives no less than 0
			return Corrupt
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return Corrupt
		}
	}
	// The zip package accepts a checksum of zero; we do not.
	if size != f.UncompressedSize64 || sum.Sum32() != f.CRC32 {
		return Corrupt
	}
	return nil
}

// disjoint refuses entries that share bytes or lie outside the archive: that is
// how an archive can unpack to very much without a high ratio in any one entry.
func disjoint(files []*zip.File, size int64) error {
	type span struct{ from, to int64 }
	spans := make([]span, 0, len(files))
	for _, f := range files {
		from, err := f.DataOffset()
		if err != nil {
			return fmt.Errorf("entry %.200q: %w", f.Name, Corrupt)
		}
		to := from + int64(f.CompressedSize64) // #nosec G115 -- what wraps around is refused below
		if from < 0 || to < from || to > size {
			return fmt.Errorf("entry %.200q: %w", f.Name, Corrupt)
		}
		if to > from {
			spans = append(spans, span{from, to})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return fmt.Errorf("entries overlap: %w", Corrupt)
		}
	}
	return nil
}

func dense(unpacked, size int64, limits Limits) bool {
	return unpacked > limits.Free && unpacked/limits.Ratio >= max(size, 1)
}

// malformed distinguishes a damaged archive from a file that is not an archive.
func malformed(src *source) error {
	if src.spent {
		return TooManyEntries
	}
	head := make([]byte, 4)
	if _, err := src.r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch string(head) {
	case "PK\x03\x04", "PK\x05\x06", "PK\x07\x08":
		return Corrupt
	}
	return NotArchive
}

// modified is when an entry was written. Times in zip begin in 1980; an earlier
// time means that none is given.
func modified(f *zip.File) time.Time {
	if f.Modified.Year() < 1980 {
		return time.Time{}
	}
	return f.Modified.UTC()
}

// source reads the archive's bytes until ctx ends or, while left is not
// negative, until that many were read or more entries were seen or claimed than
// there may be: the zip package makes room for each before it can be asked how
// many there are. It remembers a fault of the reader below, which that package
// would report as a broken archive.
type source struct {
	ctx     context.Context
	r       io.ReaderAt
	left    int64
	entries int
	spent   bool
	err     error
}

// seenTwice is more than the entries that the last 65 KiB of an archive hold,
// which are read again when the directory is.
const seenTwice = 2048

// tooMany tells whether a part of the directory is one entry too many, or is the
// end of one for large archives and says that there are.
func (s *source) tooMany(part []byte) bool {
	if bytes.HasPrefix(part, []byte("PK\x06\x06")) && len(part) >= 40 {
		return binary.LittleEndian.Uint64(part[32:]) > uint64(s.entries) // #nosec G115 -- below 0 the scan has ended
	}
	s.entries -= bytes.Count(part, []byte("PK\x01\x02"))
	return s.entries < 0
}

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	if s.left >= 0 {
		if int64(len(p)) > s.left {
			s.spent = true
			return 0, TooManyEntries
		}
		s.left -= int64(len(p))
	}
	n, err := s.r.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	if s.left >= 0 && s.tooMany(p[:n]) {
		s.spent = true
		return 0, TooManyEntries
	}
	return n, err
}
