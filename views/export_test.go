package views

import "slices"

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

// Misread are the filters of the list that its addresses have another use for.
func (v *ListView[R]) Misread() (names []string) {
	for _, f := range v.Filters {
		if slices.Contains(listParams, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}
