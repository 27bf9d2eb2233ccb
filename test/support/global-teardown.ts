import { dropTemplate } from './database.js';

export default dropTemplate;
