package archive_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"quartermaster/models/archive"
)

var written = time.Date(2026, 3, 1, 8, 30, 0, 0, time.UTC)

func TestListTellsWhatIsInside(t *testing.T) {
	t.Parallel()
	data := pack(t, func(w *zip.Writer) {
		add(t, w, "conf/", "")
		add(t, w, "conf/app.yaml", "port: 8080\n")
		add(t, w, "空 文件.txt", "")
	})
	got := mustList(t, data)
	want := archive.Listing{
		Kind: archive.Zip,
		Entries: []archive.Entry{
			{Name: "conf/", Modified: written, Dir: true},
			{Name: "conf/app.yaml", Size: 11, Compressed: 17, Modified: written},
			{Name: "空 文件.txt", Compressed: 5, Modified: written},
		},
		Files:    2,
		Unpacked: 11,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
}

func TestKindIsToldFromTheContents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want  archive.Kind
		names []string
	}{
		{archive.Zip, nil},
		{archive.Zip, []string{"lib/META-INF/MANIFEST.MF", "web-inf"}},
		{archive.Jar, []string{"a.class", "META-INF/MANIFEST.MF"}},
		{archive.War, []string{"META-INF/MANIFEST.MF", "WEB-INF/web.xml"}},
		{archive.War, []string{"WEB-INF/web.xml", "META-INF/MANIFEST.MF"}},
	} {
		data := pack(t, func(w *zip.Writer) {
			for _, name := range c.names {
				add(t, w, name, "")
			}
		})
		if got := mustList(t, data).Kind; got != c.want {
			t.Errorf("kind of %q: got %s, want %s", c.names, got, c.want)
		}
	}
}

func TestManifestOfAJarIsRead(t *testing.T) {
	t.Parallel()
	manifest := "Manifest-Version: 1.0\r\nMain-Class: cn.example.very.long.pack\r\n age.Main\r\n" +
		"no colon here\r\nImplementation-Version: 2.\x00\u202e1\r\n\r\nName: other/\r\nMain-Class: not.this.One\r\n"
	got := mustList(t, pack(t, func(w *zip.Writer) { add(t, w, "META-INF/MANIFEST.MF", manifest) }))
	if want := "cn.example.very.long.package.Main"; got.MainClass != want {
		t.Errorf("main class: got %q, want %q", got.MainClass, want)
	}
	want := []archive.Attribute{
		{Name: "Manifest-Version", Value: "1.0"},
		{Name: "Main-Class", Value: "cn.example.very.long.package.Main"},
		{Name: "Implementation-Version", Value: `2.\u0000\u202e1`},
	}
	if diff := cmp.Diff(want, got.Manifest); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
}

func TestManifestIsBounded(t *testing.T) {
	t.Parallel()
	long := "A: " + strings.Repeat("资", 1000) + "\n" + strings.Repeat("B: c\n", 50_000)
	got := mustList(t, pack(t, func(w *zip.Writer) { add(t, w, "META-INF/MANIFEST.MF", long) })).Manifest
	if len(got) != 100 {
		t.Fatalf("attributes: got %d, want 100", len(got))
	}
	if want := strings.Repeat("资", 341); got[0].Value != want {
		t.Errorf("long value: got %d bytes, want %d", len(got[0].Value), len(want))
	}
}

func TestNamesAreOnlyData(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"/etc/passwd":                  "/etc/passwd",
		"../../outside":                "../../outside",
		`C:\Windows\x.dll`:             `C:\Windows\x.dll`,
		"部署/说明.txt":                    "部署/说明.txt",
		"a\x00b\n\x1b[31m\x7f":         `a\u0000b\u000a\u001b[31m\u007f`,
		"photo\u202egpj.exe":           `photo\u202egpj.exe`,
		"zero\u200bwidth\ufeff\u2028":  `zero\u200bwidth\ufeff\u2028`,
		"tag\U000e0041":                `tag\U000e0041`,
		"\xb2\xbf\xca\xf0/\xd7\xca.md": "部署/资.md",       // GBK
		"caf\xff\xfe.txt":              "caf\ufffd.txt", // neither
		"<script>alert(1)</script>":    "<script>alert(1)</script>",
		"a b":                          "a b",
		strings.Repeat("\x01", 300):    strings.Repeat(`\u0001`, 170) + `\u00…`, // 1,024 bytes
	} {
		got := mustList(t, pack(t, func(w *zip.Writer) { add(t, w, name, "x") })).Entries
		if len(got) != 1 || got[0].Name != want {
			t.Errorf("name %q: got %q, want %q", name, got[0].Name, want)
		}
	}
}

func TestNamesOfOneArchiveAreReadAlike(t *testing.T) {
	t.Parallel()
	const (
		folder = "\xc4\xbf\xc2\xbc/"                    // 目录/ in GBK, and valid UTF-8
		rooms  = "\xc6\xdf\xb8\xf6\xb7\xbf\xbc\xe4.txt" // 七个房间.txt in GBK
		photo  = "\xd5\xd5\xc6\xac.jpg"                 // 照片.jpg in GBK
	)
	field := func(of, name string) []byte {
		b := binary.LittleEndian.AppendUint16([]byte("up"), uint16(5+len(name)))
		b = append(b, 1)
		return append(binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(of))), name...)
	}
	type entry struct {
		name  string
		extra []byte
	}
	for _, c := range []struct {
		name    string
		entries []entry
		want    []string
	}{
		{"a folder that could be UTF-8 beside a file that could not", []entry{{folder, nil}, {rooms, nil}}, []string{"目录/", "七个房间.txt"}},
		{"all of it could be UTF-8", []entry{{folder, nil}, {"caf\u00e9", nil}}, []string{"\u013f\u00bc/", "caf\u00e9"}},
		{"UTF-8 beside GBK", []entry{{"说明.txt", nil}, {rooms, nil}, {folder, nil}}, []string{"说明.txt", "七个房间.txt", "目录/"}},
		{"one that is neither", []entry{{"caf\xff", nil}, {rooms, nil}, {photo, nil}}, []string{"caf\ufffd", "七个房间.txt", "照片.jpg"}},
		{"a Unicode path", []entry{{"t.txt", field("t.txt", "图.txt")}, {folder, field(folder, "目录/")}}, []string{"图.txt", "目录/"}},
		{"a Unicode path behind another field", []entry{{"t.txt", append([]byte("xx\x01\x00a"), field("t.txt", "图.txt")...)}}, []string{"图.txt"}},
		{"a Unicode path of another name", []entry{{"t.txt", field("u.txt", "图.txt")}}, []string{"t.txt"}},
		{"a Unicode path that is none", []entry{{"t.txt", field("t.txt", "\xff")}}, []string{"t.txt"}},
		{"a Unicode path that is cut", []entry{{"t.txt", field("t.txt", "图.txt")[:10]}}, []string{"t.txt"}},
		{"a Unicode path with hidden characters", []entry{{"t.txt", field("t.txt", "a\u202eb")}}, []string{`a\u202eb`}},
	} {
		got := mustList(t, pack(t, func(w *zip.Writer) {
			for _, e := range c.entries {
				h := &zip.FileHeader{Name: e.name, NonUTF8: true, Extra: e.extra}
				if _, err := w.CreateRaw(h); err != nil {
					t.Fatal(err)
				}
			}
		}))
		var names []string
		for _, e := range got.Entries {
			names = append(names, e.Name)
		}
		if diff := cmp.Diff(c.want, names); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestTimeWithoutAZoneStandsAsItIs(t *testing.T) {
	t.Parallel()
	const date, clock = (2026-1980)<<9 | 3<<5 | 1, 8<<11 | 30<<5 // 2026-03-01 08:30
	got := mustList(t, pack(t, func(w *zip.Writer) {
		for _, h := range []*zip.FileHeader{
			{Name: "wall", ModifiedDate: date, ModifiedTime: clock},
			{Name: "moment", Modified: written.In(time.FixedZone("", 8*3600))},
			{Name: "silent"},
		} {
			if h.Modified.IsZero() {
				_, _ = w.CreateRaw(h)
			} else {
				_, _ = w.CreateHeader(h)
			}
		}
	})).Entries
	want := []archive.Entry{{Name: "wall", Modified: written, Zoneless: true}, {Name: "moment", Modified: written, Compressed: got[1].Compressed}, {Name: "silent"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
}

func TestHostileArchiveIsRefusedWithItsReason(t *testing.T) {
	t.Parallel()
	small := archive.Limits{
		Listed: 5, Entries: 10, Directory: 1 << 20, Unpacked: 1 << 20, Ratio: 100, Free: 64 << 10, Name: 40, Depth: 3,
	}
	plain := pack(t, func(w *zip.Writer) { store(t, w, "a.txt", "some bytes that are only stored") })
	for _, c := range []struct {
		name string
		data []byte
		want archive.Reason
	}{
		{"nothing", nil, archive.NotArchive},
		{"text", []byte("this is no archive at all"), archive.NotArchive},
		{"its first half", plain[:len(plain)/2], archive.Corrupt},
		{"only a signature", []byte("PK\x03\x04"), archive.Corrupt},
		{"too many entries", many(t, 11), archive.TooManyEntries},
		{"a count that lies", patch(many(t, 3), end, 10, 2), archive.Corrupt},
		{"too large unpacked", pack(t, func(w *zip.Writer) { add(t, w, "big", zeros(1<<20+1)) }), archive.TooLargeUnpacked},
		{"too large together", pack(t, func(w *zip.Writer) {
			add(t, w, "one", zeros(600<<10))
			add(t, w, "two", zeros(600<<10))
		}), archive.TooLargeUnpacked},
		{"a bomb within the size", pack(t, func(w *zip.Writer) { add(t, w, "big", zeros(1<<20)) }), archive.TooDense},
		{"a bomb that declares little", understated(t), archive.Corrupt},
		{"less inside than declared", overstated(t), archive.Corrupt},
		{"sizes near 2^64", zip64(t, 1<<64-1), archive.TooLargeUnpacked},
		{"a size that would be negative", zip64(t, 1<<63), archive.TooLargeUnpacked},
		{"entries that are the same bytes", overlapping(t), archive.Corrupt},
		{"bytes outside the archive", patch(plain, central, 20, 0xfffff), archive.Corrupt},
		{"a header outside the archive", patch(plain, central, 42, 0xfffff), archive.Corrupt},
		{"a wrong checksum", patch(plain, central, 16, 0x1234), archive.Corrupt},
		{"a checksum of zero", patch(plain, central, 16, 0), archive.Corrupt},
		{"changed bytes", bytes.Replace(plain, []byte("only"), []byte("once"), 1), archive.Corrupt},
		{"encrypted", patch(plain, central, 8, 1), archive.Encrypted},
		{"a long name", pack(t, func(w *zip.Writer) { add(t, w, strings.Repeat("n", 41), "") }), archive.NameTooLong},
		{"deep folders", pack(t, func(w *zip.Writer) { add(t, w, "a/b/c/d/e", "") }), archive.TooDeep},
		{"a folder with bytes", bytes.ReplaceAll(pack(t, func(w *zip.Writer) { store(t, w, "dir_", "bytes") }), []byte("dir_"), []byte("dir/")), archive.Corrupt},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := archive.List(t.Context(), bytes.NewReader(c.data), int64(len(c.data)), small)
			var reason archive.Reason
			if !errors.As(err, &reason) || reason != c.want {
				t.Errorf("list: got %v, want %s", err, c.want)
			}
			if diff := cmp.Diff(archive.Listing{}, got); diff != "" {
				t.Errorf("listing of a refused archive (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDirectoryIsReadOnlyUpToItsLimit(t *testing.T) {
	t.Parallel()
	limits := archive.Defaults
	limits.Directory = 100 << 10
	data := many(t, 5000)
	_, err := archive.List(t.Context(), bytes.NewReader(data), int64(len(data)), limits)
	if !errors.Is(err, archive.TooManyEntries) {
		t.Errorf("list: got %v, want %v", err, archive.TooManyEntries)
	}
}

// TestEntriesCostNothingBeforeTheyAreRefused holds an archive that claims, and
// one that has, more entries than there may be to little memory.
func TestEntriesCostNothingBeforeTheyAreRefused(t *testing.T) {
	const entries, most = 300_000, 40 << 20
	record := append([]byte("PK\x01\x02"), make([]byte, 42)...)
	full := append(bytes.Repeat(record, entries), "PK\x05\x06"...)
	full = append(full, make([]byte, 4)...)
	full = binary.LittleEndian.AppendUint16(full, entries&0xffff)
	full = binary.LittleEndian.AppendUint16(full, entries&0xffff)
	full = binary.LittleEndian.AppendUint32(full, entries*46)
	full = append(full, make([]byte, 6)...)
	for name, c := range map[string]struct {
		r    io.ReaderAt
		size int64
	}{
		"has":    {bytes.NewReader(full), int64(len(full))},
		"claims": {claiming(1<<30, 30_000_000), 1 << 30},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := archive.List(t.Context(), c.r, c.size, archive.Defaults)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, archive.TooManyEntries) {
			t.Errorf("%s: got %v, want %v", name, err, archive.TooManyEntries)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > most {
			t.Errorf("%s: took %d MiB, want at most %d", name, got>>20, most>>20)
		}
	}
}

// tailed is a file of which all but the end is nothing.
type tailed struct {
	size int64
	end  []byte
}

func (f tailed) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if from := f.size - int64(len(f.end)); off+int64(len(p)) > from {
		copy(p[max(from-off, 0):], f.end[max(off-from, 0):])
	}
	return len(p), nil
}

// claiming is an empty archive that says it holds so many entries.
func claiming(size int64, entries uint64) io.ReaderAt {
	end := append([]byte("PK\x06\x06"), make([]byte, 20)...)
	end = binary.LittleEndian.AppendUint64(end, entries)
	end = binary.LittleEndian.AppendUint64(end, entries)
	end = append(end, make([]byte, 16)...)
	end = append(end, "PK\x06\x07\x00\x00\x00\x00"...)
	end = binary.LittleEndian.AppendUint64(end, uint64(size)-56-20-22)
	end = append(end, 1, 0, 0, 0)
	end = append(end, "PK\x05\x06\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00"...)
	return tailed{size, end}
}

func TestLongListingIsTruncatedButCounted(t *testing.T) {
	t.Parallel()
	limits := archive.Defaults
	limits.Listed = 5
	data := many(t, 8)
	got, err := archive.List(t.Context(), bytes.NewReader(data), int64(len(data)), limits)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Entries) != 5 || !got.Truncated || got.Files != 8 {
		t.Errorf("listing: got %d listed of %d, truncated %t; want 5 of 8, true", len(got.Entries), got.Files, got.Truncated)
	}
}

func TestUnknownPackingIsListedUnchecked(t *testing.T) {
	t.Parallel()
	data := patch(pack(t, func(w *zip.Writer) { store(t, w, "a", "bytes") }), central, 10, 93) // Zstandard
	if got := mustList(t, data); got.Unchecked != 1 || got.Files != 1 || got.Unpacked != 5 {
		t.Errorf("listing: got %+v, want one file of 5 bytes, unchecked", got)
	}
}

func TestNestedArchiveIsNotOpened(t *testing.T) {
	t.Parallel()
	inner := pack(t, func(w *zip.Writer) { add(t, w, "bomb", zeros(4<<20)) })
	data := pack(t, func(w *zip.Writer) { store(t, w, "inner.zip", string(inner)) })
	if got := mustList(t, data); got.Files != 1 || got.Unpacked != int64(len(inner)) {
		t.Errorf("listing: got %d files of %d bytes, want the inner archive alone, %d bytes", got.Files, got.Unpacked, len(inner))
	}
}

func TestArchiveAfterAScriptIsRead(t *testing.T) {
	t.Parallel()
	data := append([]byte("#!/bin/sh\nexec java -jar \"$0\"\n"), pack(t, func(w *zip.Writer) { add(t, w, "a", "b") })...)
	if got := mustList(t, data); got.Files != 1 {
		t.Errorf("files: got %d, want 1", got.Files)
	}
}

func TestListStopsWithItsContext(t *testing.T) {
	t.Parallel()
	data := pack(t, func(w *zip.Writer) { add(t, w, "big", zeros(4<<20)) })
	before, cancel := context.WithCancel(t.Context())
	cancel()
	during, stop := context.WithCancel(t.Context())
	for name, c := range map[string]struct {
		ctx context.Context
		r   io.ReaderAt
	}{
		"before": {before, bytes.NewReader(data)},
		"during": {during, &stopping{r: bytes.NewReader(data), at: 4, stop: stop}},
	} {
		if _, err := archive.List(c.ctx, c.r, int64(len(data)), archive.Defaults); !errors.Is(err, context.Canceled) {
			t.Errorf("list, cancelled %s: got %v, want %v", name, err, context.Canceled)
		}
	}
}

func TestFaultOfTheDiskIsNotTheArchives(t *testing.T) {
	t.Parallel()
	data := pack(t, func(w *zip.Writer) { add(t, w, "a", "b") })
	fault := errors.New("input/output error")
	for at := range 4 {
		_, err := archive.List(t.Context(), &stopping{r: bytes.NewReader(data), at: at, err: fault}, int64(len(data)), archive.Defaults)
		if !errors.Is(err, fault) {
			t.Errorf("list with read %d failing: got %v, want %v", at, err, fault)
		}
	}
}

// FuzzList holds that no bytes make List panic or go over its limits.
func FuzzList(f *testing.F) {
	f.Add(pack(f, func(w *zip.Writer) { add(f, w, "a/b.txt", "text") }))
	f.Add(overlapping(f))
	f.Add(zip64(f, 1<<63))
	f.Add([]byte("PK\x05\x06"))
	limits := archive.Defaults
	limits.Unpacked, limits.Listed = 1<<20, 10
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := archive.List(t.Context(), bytes.NewReader(data), int64(len(data)), limits)
		if err == nil && (l.Unpacked > limits.Unpacked || len(l.Entries) > limits.Listed) {
			t.Errorf("over the limits: %+v", l)
		}
	})
}

func mustList(t *testing.T, data []byte) archive.Listing {
	t.Helper()
	l, err := archive.List(t.Context(), bytes.NewReader(data), int64(len(data)), archive.Defaults)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func pack(t testing.TB, fill func(*zip.Writer)) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	fill(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func add(t testing.TB, w *zip.Writer, name, text string) {
	t.Helper()
	f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: written})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, text); err != nil {
		t.Fatal(err)
	}
}

// store adds an entry as it is, with its sizes in both headers.
func store(t testing.TB, w *zip.Writer, name, text string) {
	t.Helper()
	f, err := w.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Store, CRC32: crc32.ChecksumIEEE([]byte(text)),
		CompressedSize64: uint64(len(text)), UncompressedSize64: uint64(len(text)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, text); err != nil {
		t.Fatal(err)
	}
}

func many(t testing.TB, n int) []byte {
	return pack(t, func(w *zip.Writer) {
		for i := range n {
			store(t, w, fmt.Sprint(i), "x")
		}
	})
}

// understated is a bomb whose directory says that it unpacks to one byte.
func understated(t testing.TB) []byte {
	return patch(pack(t, func(w *zip.Writer) { add(t, w, "big", zeros(2<<20)) }), central, 24, 1)
}

func overstated(t testing.TB) []byte {
	return patch(pack(t, func(w *zip.Writer) { add(t, w, "small", "bytes") }), central, 24, 1000)
}

// zip64 is an archive whose only entry claims to unpack to size bytes.
func zip64(t testing.TB, size uint64) []byte {
	return pack(t, func(w *zip.Writer) {
		f, err := w.CreateRaw(&zip.FileHeader{Name: "a", Method: zip.Deflate, CompressedSize64: 5, UncompressedSize64: size})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("bytes")); err != nil {
			t.Fatal(err)
		}
	})
}

// overlapping is an archive with two entries that share their header and bytes.
func overlapping(t testing.TB) []byte {
	data := pack(t, func(w *zip.Writer) {
		store(t, w, "a", "the same bytes")
		store(t, w, "b", "the same bytes")
	})
	second := bytes.LastIndex(data, central)
	binary.LittleEndian.PutUint32(data[second+42:], 0)
	return data
}

var (
	central = []byte("PK\x01\x02")
	end     = []byte("PK\x05\x06")
)

// patch puts a number at an offset of the first record with the signature. It
// is two bytes wide in the fields that are, and four elsewhere.
func patch(data, signature []byte, offset int, value uint32) []byte {
	data = bytes.Clone(data)
	at := data[bytes.Index(data, signature)+offset:]
	if bytes.Equal(signature, end) || offset < 16 {
		binary.LittleEndian.PutUint16(at, uint16(value))
	} else {
		binary.LittleEndian.PutUint32(at, value)
	}
	return data
}

func zeros(n int) string { return strings.Repeat("\x00", n) }

// stopping gives err, or calls stop, at one of the reads.
type stopping struct {
	r    io.ReaderAt
	at   int
	err  error
	stop func()
}

func (s *stopping) ReadAt(p []byte, off int64) (int, error) {
	if s.at--; s.at < 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.stop()
	}
	return s.r.ReadAt(p, off)
}
