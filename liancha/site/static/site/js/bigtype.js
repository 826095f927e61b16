/* Runs before the page is drawn, so that larger type and table density do not jump in. A browser
   that keeps nothing for us throws here, and then the page is drawn as it comes. */
try {
  document.documentElement.dataset.type = localStorage.getItem('lc-type') || '';
  document.documentElement.dataset.density = localStorage.getItem('lc-density') || '';
} catch {
  document.documentElement.dataset.type = '';
}
