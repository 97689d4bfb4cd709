/** Style sheets are Vite's: importing one puts it into the page. */
declare module '*.css';
