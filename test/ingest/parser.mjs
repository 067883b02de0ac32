export default () => (line) => ({ value: line.toString().toUpperCase() });
