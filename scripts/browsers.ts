/** Browsers that know light-dark() for the two themes: all since May 2024. */
export const CSS_TARGET = ['chrome123', 'firefox120', 'safari17.5']
