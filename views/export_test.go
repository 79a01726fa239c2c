package views

// QRPath is qrPath for the tests.
var QRPath = qrPath
