/** What the extension's pages use of Preact, in a file of its own: it is the one script of theirs that is not ours. */
export { Fragment, h, options, render } from 'preact'
