// Package quick without colours in code, and so without the lexers of two hundred languages.
package quick

import "io"

// Highlight writes the source as it is.
func Highlight(w io.Writer, source, lexer, formatter, style string) error {
	_, err := io.WriteString(w, source)
	return err
}
