package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"quartermaster/models/files"
)

// stream is a backup as one tar stream, while it is being written. The file has
// its name only when it is whole.
type stream struct {
	name  string
	state string
	tmp   string // holds the database until it is in the stream
	at    time.Time
	file  *os.File
	buf   *bufio.Writer
	zip   *gzip.Writer // nil when it is not compressed
	tar   *tar.Writer
	whole bool

	unsynced int64
}

func createStream(name, state string) (_ *stream, err error) {
	s := &stream{name: name, state: state}
	if s.file, err = lock(name + partial); err != nil {
		return nil, err
	}
	if s.tmp, err = os.MkdirTemp(filepath.Dir(name), filepath.Base(name)+partial+"-"); err == nil {
		err = s.file.Truncate(0)
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	s.buf = bufio.NewWriterSize(s.file, 1<<20)
	var w io.Writer = s.buf
	if zipped(name) {
		// Objects are compressed as they come, mostly: little is to be gained.
		if s.zip, err = gzip.NewWriterLevel(w, gzip.BestSpeed); err != nil {
			_ = s.Close()
			return nil, err
		}
		w = s.zip
	}
	s.tar = tar.NewWriter(w)
	return s, nil
}

func (s *stream) State() string { return s.tmp }

func (s *stream) Begin(m Manifest) error {
	m.Format, m.State, s.at = format, s.state, m.At
	text, err := m.text()
	if err != nil {
		return err
	}
	if err := s.put(manifestName, int64(len(text)), bytes.NewReader(text)); err != nil {
		return err
	}
	for _, name := range []string{DatabaseName, ListName} {
		if err := give(filepath.Join(s.tmp, name), name, s.Add); err != nil {
			return err
		}
	}
	return os.Remove(filepath.Join(s.tmp, DatabaseName))
}

func (s *stream) Has(string, string) bool { return false }

func (s *stream) Blob(id, sha256 string, size int64, r io.Reader) error {
	if s.unsynced += size; s.unsynced > syncEvery {
		if err := s.file.Sync(); err != nil {
			return err
		}
		s.unsynced = 0
	}
	if err := s.head(BlobName(id), size); err != nil {
		return err
	}
	return checked(s.tar, r, sha256)
}

func (s *stream) Add(name string, size int64, r io.Reader) error {
	return s.put(path.Join(s.state, name), size, r)
}

func (s *stream) head(name string, size int64) error {
	return s.tar.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: s.at, Format: tar.FormatPAX})
}

func (s *stream) put(name string, size int64, r io.Reader) error {
	if err := s.head(name, size); err != nil {
		return err
	}
	_, err := io.Copy(s.tar, r)
	return err
}

func (s *stream) Commit() error {
	err := s.tar.Close()
	if s.zip != nil {
		err = errors.Join(err, s.zip.Close())
	}
	if err := errors.Join(err, s.buf.Flush(), s.file.Sync()); err != nil {
		return err
	}
	if err := os.Rename(s.name+partial, s.name); err != nil {
		return err
	}
	s.whole = true
	return files.SyncFolder(filepath.Dir(s.name))
}

func (s *stream) Close() error {
	var errs []error
	if !s.whole {
		errs = append(errs, os.Remove(s.name+partial))
	}
	if s.tmp != "" {
		errs = append(errs, os.RemoveAll(s.tmp))
	}
	return errors.Join(append(errs, s.file.Close())...)
}

// streamReader is a backup as one tar stream, while it is being read.
type streamReader struct {
	file     *os.File
	tar      *tar.Reader
	manifest Manifest
}

func openStream(name string) (_ *streamReader, err error) {
	s := new(streamReader)
	if s.file, err = os.Open(name); err != nil { // #nosec G304 -- the server administrator names the file
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = s.file.Close()
			err = fmt.Errorf("read %s: %w", name, err)
		}
	}()
	in := bufio.NewReaderSize(s.file, 1<<20)
	var r io.Reader = in
	if magic, _ := in.Peek(2); string(magic) == "\x1f\x8b" {
		if r, err = gzip.NewReader(in); err != nil {
			return nil, err
		}
	}
	s.tar = tar.NewReader(r)
	head, err := s.tar.Next()
	if err != nil || head.Name != manifestName {
		return nil, ErrNone
	}
	s.manifest, err = parseManifest(s.tar)
	return s, err
}

func (s *streamReader) Manifest() Manifest { return s.manifest }
func (s *streamReader) Close() error       { return s.file.Close() }

func (s *streamReader) Each(visit func(name string, size int64, r io.Reader) error) error {
	for {
		head, err := s.tar.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %v", ErrCut, err)
		}
		name := head.Name
		if BlobID(name) == "" {
			// The state's folder, whoever may have packed it anew.
			if name = strings.TrimPrefix(name, s.manifest.State+"/"); !ofState(name) {
				continue
			}
		}
		if head.Typeflag != tar.TypeReg {
			continue
		}
		if err := visit(name, head.Size, whole{s.tar}); err != nil {
			return err
		}
	}
}

// whole is ErrCut where a stream ends before it should.
type whole struct{ io.Reader }

func (w whole) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w: %v", ErrCut, err)
	}
	return n, err
}
