package archive

import (
	"archive/zip"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// mend gives the entries of an archive the names that are meant. A name in the
// Unicode path field counts where its checksum is that of the plain name, and
// one that is marked as UTF-8 is. What the others are written in is guessed
// once for all of them, because a short name in one encoding may be valid in
// another.
func mend(files []*zip.File) {
	const marked = 1 << 11
	var guessed []*zip.File
	gbk := 0 // how many more names can be GB 18030 than cannot, of those that are not UTF-8
	for _, f := range files {
		valid := utf8.ValidString(f.Name)
		name, ok := unicodePath(f)
		switch {
		case ok:
			f.Name = name
			continue
		case valid && f.Flags&marked != 0:
			continue
		}
		guessed = append(guessed, f)
		if _, ok := fromGBK(f.Name); !valid && ok {
			gbk++
		} else if !valid {
			gbk--
		}
	}
	for _, f := range guessed {
		if name, ok := fromGBK(f.Name); gbk > 0 && ok && !surelyUTF8(f.Name) {
			f.Name = name
		}
		f.Name = strings.ToValidUTF8(f.Name, string(utf8.RuneError))
	}
}

// surelyUTF8 tells UTF-8 from GB 18030 that happens to be valid: pairs of bytes
// often do, longer runs hardly ever.
func surelyUTF8(s string) bool {
	const threeBytes = 0x800
	return utf8.ValidString(s) && strings.ContainsFunc(s, func(r rune) bool { return r >= threeBytes })
}

// fromGBK reads text as GB 18030, which Chinese Windows writes.
func fromGBK(s string) (string, bool) {
	text, err := simplifiedchinese.GB18030.NewDecoder().String(s)
	return text, err == nil && !strings.ContainsRune(text, utf8.RuneError)
}

// unicodePath is the name in an entry's Unicode path field: a version, the
// checksum of the plain name that it stands for, and UTF-8.
func unicodePath(f *zip.File) (string, bool) {
	const id, head = 0x7075, 5
	for extra := f.Extra; len(extra) >= 4; {
		tag, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; size > len(extra) {
			break
		}
		field := extra[:size]
		extra = extra[size:]
		if tag == id && size > head && field[0] == 1 && utf8.Valid(field[head:]) &&
			binary.LittleEndian.Uint32(field[1:]) == crc32.ChecksumIEEE([]byte(f.Name)) {
			return string(field[head:]), true
		}
	}
	return "", false
}
