package views

// QRPath is qrPath for the tests.
var QRPath = qrPath

// AliyunEnv is aliyunEnv for the tests.
var AliyunEnv = aliyunEnv

// VersionEntries is versionEntries for the tests.
var VersionEntries = versionEntries

// EventNote is what else there is to say of an event.
var EventNote = eventNote
