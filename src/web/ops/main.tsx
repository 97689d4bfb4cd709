import '@fontsource-variable/ibm-plex-sans';
import '../../react/styles.css';
import '../styles/base.css';
import '../styles/bar.css';
import '../styles/entrance.css';
import '../styles/tools.css';
import '../styles/ops.css';
import '../styles/plots.css';
import '../styles/sessions.css';
import { mountPage } from '../shared/mount-page.tsx';
import { storeAdminToken } from './admin-token.ts';
import { Operator } from './operator.tsx';

mountPage(<Operator />, () => storeAdminToken(undefined));
