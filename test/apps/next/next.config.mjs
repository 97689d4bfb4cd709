/** A page that any server of files can serve, under `/app`. */
export default {
  output: 'export',
  basePath: '/app',
  turbopack: { root: import.meta.dirname },
};
