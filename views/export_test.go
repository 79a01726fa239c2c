package views

// QRPath is qrPath for the tests.
var QRPath = qrPath

// AliyunEnv is aliyunEnv for the tests.
var AliyunEnv = aliyunEnv

// VersionEntries is versionEntries for the tests.
var VersionEntries = versionEntries

// EventNote is what else there is to say of an event.
var EventNote = eventNote

// Unsorted are the columns of the list that are drawn and by which it cannot be sorted.
func (v *ListView[R]) Unsorted() (words []string) {
	for _, c := range v.Columns {
		if c.Draw != nil && c.Class != "actions" && (c.Sort == "" || !v.sorts(c.Sort)) {
			words = append(words, c.Words)
		}
	}
	return words
}
