/* Runs before the page is drawn, so that larger type and table density do not jump in. */
document.documentElement.dataset.type = localStorage.getItem('lc-type') || '';
document.documentElement.dataset.density = localStorage.getItem('lc-density') || '';
